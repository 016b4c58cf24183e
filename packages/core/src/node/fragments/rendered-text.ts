/** Nothing is rendered as nothing, as templates do; what an engine marks as safe is its text. */
export function renderedText(html: unknown): string {
  return html === undefined || html === null ? '' : String(html);
}
