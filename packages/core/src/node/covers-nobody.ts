import { fieldAction } from './field-inputs.js';
import { FIELD } from './input-action.js';
import { OF_VISITORS } from './inputs.js';

/**
 * Whether a page may be stored with a fragment in it of which its template has said whom it is for: where that is nobody, and the key is
 * made of something that tells visitors apart, so that it is another one for those who are somebody.
 *
 * With a fragment for somebody it never may. That he is in the key's text is no proof that the key is about him: user 7 opens
 * `/products/7`, and the admin of the name `admin` has the role of `admin`.
 *
 * @param used - as the fragment has told it: `visitor [7]`, or `visitor #…` of what is long
 * @param keyed - the inputs that the page's key is made of
 */
export function coversNobody(used: string, keyed: ReadonlySet<string>): boolean {
  const said = used.slice(OF_VISITORS.length);
  return !said.startsWith('[') && !said.startsWith('#') && [...keyed].some(mayTellVisitors);
}

function mayTellVisitors(input: string): boolean {
  return !input.startsWith(FIELD) || fieldAction(input.slice(FIELD.length)) !== 'vary';
}
