import type { Candidate } from '../engine/lead.js';
import type { RequestFields } from '../engine/variants.js';

/** In every key, or hidden from the handler. */
const COVERED: ReadonlySet<string> = new Set(['host', 'if-match', 'if-none-match', 'if-modified-since', 'if-range']);

/** What such fields say day in, day out: a page with these words has not got them from there. */
const ROUTINE =
  /^(?:keep-alive|close|no-cache|no-store|max-age=0|trailers|gzip|br|deflate|identity|bytes=.*|u=\d(?:, ?i)?|(?:application\/json|application\/x-www-form-urlencoded|text\/(?:html|plain))(?:; ?charset=[\w-]+)?)$/i;

/** A word as long as this stands in a page by no chance. */
const LONG_WORDS = /[\w.-]{12,}/g;

/**
 * The first of some request fields whose value stands in a response: one that is no input of pages, such as a request
 * id, until a page shows it. Then whoever asks first would write on everybody's page.
 *
 * @param names - fields that were read and let through
 */
export function repeatedField(names: ReadonlySet<string>, fields: RequestFields, made: Candidate): string | undefined {
  for (const name of names) {
    const value = COVERED.has(name) ? undefined : fields.get(name);
    if (value === undefined || value.length < 4 || ROUTINE.test(value)) continue;
    // As it is, or a part of it that no escaping changes.
    const spellings = [value, ...(value.match(LONG_WORDS) ?? [])];
    const isRepeated = spellings.some(
      (text) => made.body.includes(text) || made.headers.some((line, at) => at % 2 === 1 && line.includes(text)),
    );
    if (isRepeated) return name;
  }
  return undefined;
}
