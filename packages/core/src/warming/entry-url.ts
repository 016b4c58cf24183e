import type { WarmSkip } from './warm-types.js';

/** As long as an entry of a sitemap may be; what is longer in a log was made up. */
const LONGEST = 2_048;
/** Where browsers see a slash in a backslash, and leave white space out, a proxy may not. */
const UNSAFE = /[\s\p{Cc}\\]/u;

/** The path and query of an entry, as a browser would send them; or why it is not asked for. */
export type EntryUrl = { readonly path: string } | { readonly skip: WarmSkip };

/**
 * What an entry of a list stands for. Lists are made of what strangers have asked for: nothing in one leads to another origin.
 *
 * @param origin - as `URL.origin` has it
 */
export function readEntry(entry: string, origin: string): EntryUrl {
  if (entry.length > LONGEST) return { skip: 'too-long' };
  if (UNSAFE.test(entry)) return { skip: 'malformed' };
  if (entry.startsWith('//') || !(entry.startsWith('/') || /^[a-z][a-z\d+.-]*:/i.test(entry)))
    return { skip: 'malformed' };
  if (!URL.canParse(entry, origin)) return { skip: 'malformed' };
  const url = new URL(entry, origin);
  if (url.origin !== origin) return { skip: 'other-origin' };
  if (url.username !== '' || url.password !== '') return { skip: 'malformed' };
  const path = url.pathname + url.search;
  return path.length > LONGEST ? { skip: 'too-long' } : { path };
}
