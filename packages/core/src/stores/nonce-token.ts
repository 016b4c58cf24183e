import type { TagStamp } from '../ports/stored-response.js';
import type { Nonce } from './nonce.js';

/** What was read of the nonces before the handler ran. A tag that is not in it was not predicted. */
export class NonceToken {
  readonly tags = new Map<string, Nonce | undefined>();
  /** Those of which nobody could tell: they are not planted, and what depends on them is not valid. */
  readonly untold = new Set<string>();
  /** What names the values that were found, by where they lie; `undefined` where there was nothing. */
  readonly seen = new Map<string, string | undefined>();

  constructor(public mark: string | undefined) {}

  note(tag: string, nonce: Nonce | undefined | null): void {
    this.tags.set(tag, nonce ?? undefined);
    if (nonce === null) this.untold.add(tag);
    else this.untold.delete(tag);
  }
}

/** Each tag once, with the nonce it was replayed with, if any; `undefined` when two differ (4.14, nested). */
export function mergeStamps(tags: readonly TagStamp[]): Map<string, string> | undefined {
  const stamps = new Map<string, string>();
  for (const { tag, stamp } of tags) {
    const other = stamps.get(tag) ?? '';
    if (stamp !== '' && other !== '' && stamp !== other) return undefined;
    stamps.set(tag, stamp === '' ? other : stamp);
  }
  return stamps;
}

/**
 * The stamp of its own tag that a value carries which was put over another in one step: it is valid before and after the
 * nonce is replaced, which is another step (4.11, Memcached).
 */
export function stampAcross(from: Nonce, to: Nonce): string {
  return `${from}>${to}`;
}

/** Whether a stamp holds while the tag has this nonce. */
export function holds(stamp: string, nonce: Nonce | undefined): boolean {
  if (nonce === undefined || stamp === '') return false;
  return stamp === nonce || (stamp.includes('>') && stamp.split('>').includes(nonce));
}

/** What the nonce is yet to be replaced with, by whoever comes across it; `undefined` where that has been done. */
export function dueAfter(stamp: string, nonce: Nonce | undefined): Nonce | undefined {
  const [from, to] = stamp.split('>');
  return to !== undefined && from === nonce ? to : undefined;
}
