import { OF_VISITORS } from '../inputs.js';
import type { ReadFragment } from './fragment-options.js';
import type { FragmentRequest } from './fragment-request.js';
import { varyText } from './fragment-vary.js';

/**
 * Whom a fragment is for: all who ask, those who say the same of themselves, those of whom nobody is known; or that was not said,
 * and somebody may be known to be asking.
 */
export type Audience =
  | { readonly kind: 'all' | 'nobody' | 'unsaid'; readonly text: string }
  | { readonly kind: 'visitor'; readonly text: string; readonly input: string };

const ALL: Audience = { kind: 'all', text: 'all' };
const NOBODY: Audience = { kind: 'nobody', text: 'nobody' };
const UNSAID: Audience = { kind: 'unsaid', text: '' };

/** What is made of a fragment of which nobody has said whom it is for is made of this. */
export const NOT_SAID = `${OF_VISITORS}?`;

/** Whom a fragment of a request is for: by what was said of it alone, wherever somebody may be known. */
export function audienceOf(request: FragmentRequest, options: ReadFragment): Audience {
  const { visitor, isShared } = options;
  if (isShared) return ALL;
  if (visitor !== undefined) {
    const text = varyText([visitor]);
    return { kind: 'visitor', text: `of${text}`, input: `${OF_VISITORS}${text}` };
  }
  if (!request.mayBeKnown) return NOBODY;
  request.home.warnOfUnsaid(options);
  return UNSAID;
}
