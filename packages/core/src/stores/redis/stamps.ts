import type { TagStamp } from '../../ports/stored-response.js';
import type { Validity } from '../../ports/tagged-store.js';
import { readStamp, type Sequence, stampOf, type TagValue } from './values.js';

/**
 * When the data of each tag was read: under the fill's own token, or what a nested result remembers if that is earlier
 * (PROTOCOL 4.9). Never later: the handler itself may have read the data before the nested result was made anew.
 *
 * @returns `undefined` where a nested result is of another era
 */
export function mergeStamps(tags: readonly TagStamp[], token: Sequence): Map<string, number> | undefined {
  const merged = new Map<string, number>();
  for (const { tag, stamp } of tags) {
    const read = stamp === '' ? token : readStamp(stamp);
    if (read?.epoch !== token.epoch) return undefined;
    merged.set(tag, Math.min(token.n, read.n, merged.get(tag) ?? token.n));
  }
  return merged;
}

/**
 * What a stored response remembers, with the numbers of what was put in the place of its name: who reads the response
 * compares numbers and nothing else.
 */
export function numbered(
  tags: readonly TagStamp[],
  valueFor: (tag: string) => TagValue | undefined,
): readonly TagStamp[] {
  if (!tags.some(({ stamp }) => stamp.includes('~'))) return tags;
  return tags.map(({ tag, stamp }) => {
    const read = readStamp(stamp);
    const value = valueFor(tag);
    if (read?.put === undefined || value?.put !== read.put || value.epoch !== read.epoch) return { tag, stamp };
    return { tag, stamp: stampOf({ epoch: read.epoch, n: value.n }) };
  });
}

/**
 * Compares what a stored response remembers with what the server has (PROTOCOL 4.3, VALIDATE).
 *
 * @param now - the sequence in the same reply; `undefined` where it is missing
 */
export function validityOf(
  tags: readonly TagStamp[],
  now: Sequence | undefined,
  valueFor: (tag: string) => TagValue | undefined,
): Validity {
  let validity: Validity = 'valid';
  for (const { tag, stamp } of tags) {
    const read = readStamp(stamp);
    const value = valueFor(tag);
    if (now === undefined || read?.epoch !== now.epoch || value?.epoch !== now.epoch) return 'gone';
    if (value.h > read.n) return 'gone';
    if (value.n > read.n) validity = 'stale';
  }
  return validity;
}
