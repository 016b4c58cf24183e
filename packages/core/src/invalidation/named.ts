import { printable } from '../base/printable.js';
import { isRecursionText, spelledKey } from '../base/spelled-key.js';
import { ALL_TAG, groupOfRows, isOwnTag, pathPrefixTag, pathTag } from './tags.js';

/** What was named in order to invalidate it, without what the library made of it. */
export interface Named {
  /** As they were given. */
  readonly tags: readonly string[];
  /** Everything else, in the words that `invalidate` takes: `url: /cities/7`, `key: user:7`, `all`; of one value as {@link spelledKey} has it. */
  readonly targets: readonly string[];
}

const WORDS = new Map([
  ['key', 'key'],
  ['keys', 'keys'],
  ['ns', 'namespace'],
  ['url', 'url'],
  ['path', 'path'],
  ['below', 'path'],
]);

/** What somebody named for these tags to be invalidated, for events, errors and counts. */
export function namedBy(tags: Iterable<string>): Named {
  const all = new Set(tags);
  const given: string[] = [];
  const targets: string[] = [];
  for (const tag of all) {
    const target = isOwnTag(tag) ? targetOf(tag, all) : undefined;
    if (target !== undefined) targets.push(target);
    else if (!isOwnTag(tag)) given.push(tag);
  }
  return { tags: given, targets };
}

/** How many things were named. */
export function countNamed(tags: Iterable<string>): number {
  const named = namedBy(tags);
  return named.tags.length + named.targets.length;
}

/** @returns `undefined` for what only goes with another: the rows with a row, the URL with its path */
function targetOf(tag: string, all: ReadonlySet<string>): string | undefined {
  if (tag === ALL_TAG) return 'all';
  if (groupOfRows(tag) !== undefined) return undefined;
  const [, kind = '', name = ''] = /^.(\w+):(.*)$/s.exec(tag) ?? [];
  if (kind === 'value') return isRecursionText(name) ? undefined : `key: ${spelledKey(name)}`;
  const isImplied =
    (kind === 'url' && all.has(pathTag(name))) || (kind === 'path' && all.has(pathPrefixTag(`${name}/`)));
  return isImplied
    ? undefined
    : printable(`${WORDS.get(kind)}: ${name}${kind === 'below' || kind === 'keys' ? '*' : ''}`);
}
