import type { FragmentFault } from '../../values/unstorable-warning.js';

/** Nothing is rendered as nothing, as templates do; what an engine marks as safe is its text. */
export function renderedText(html: unknown): string {
  return html === undefined || html === null ? '' : String(html);
}

/**
 * Why what a render has returned is not worth keeping.
 *
 * @param text - the text that it comes to
 */
export function whyNoHtml(html: unknown, text: string): FragmentFault | undefined {
  if (html === undefined) return 'a render that returns nothing';
  // Engines mark html as safe by objects of their own, which say what their text is.
  const isNoText = typeof html === 'function' || (typeof html === 'object' && NO_TEXT.test(text));
  if (isNoText || Array.isArray(html)) return 'a render that returns no text';
  return text.includes('[object Promise]') ? 'a promise that nobody waited for' : undefined;
}

const NO_TEXT = /^\[object [^\]]*\]$/;
