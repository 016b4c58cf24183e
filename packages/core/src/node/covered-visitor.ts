import { fieldAction } from './field-inputs.js';
import { FIELD } from './input-action.js';
import { OF_VISITORS } from './inputs.js';

/** What of a page's key may say whom a fragment in it is for. */
export interface KeyOfPage {
  /** The inputs that it is made of. */
  readonly inputs: ReadonlySet<string>;
  /** What the key option returned, and the values of the fields of `vary`. */
  readonly texts: readonly string[];
}

/**
 * Whether a page may be stored under its key with a fragment in it that is for one visitor: the key names the very same, as a word
 * of its own. A role, a language or a theme is one of several visitors.
 *
 * @param input - as the fragment has told it: `visitor [7]`; one that names nobody needs a key that is made of anything of
 * which visitors have more than a few
 */
export function coversVisitor(input: string, { inputs, texts }: KeyOfPage): boolean {
  if (![...inputs].some(mayTellVisitors)) return false;
  const said = input.slice(OF_VISITORS.length);
  if (!said.startsWith('[')) return !said.startsWith('#');
  const who = String((JSON.parse(said) as readonly unknown[])[0]);
  return texts.some((text) => hasWord(text, who));
}

function mayTellVisitors(input: string): boolean {
  return !input.startsWith(FIELD) || fieldAction(input.slice(FIELD.length)) !== 'vary';
}

function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1))
    if (!isWordPart(text[at - 1]) && !isWordPart(text[at + word.length])) return true;
  return false;
}

function isWordPart(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}]/u.test(character);
}
