import { randomBytes } from 'node:crypto';

/** `run:epoch:n`: which process of which server counts, in which of its eras, and how many invalidations there were. */
export interface Sequence {
  readonly epoch: string;
  readonly n: number;
}

/**
 * `epoch:n:h`, `:until` while a data source lags, and `~put` where the last thing that invalidated it was a value that was
 * put: the last invalidation of a tag, and its last purge.
 */
export interface TagValue {
  readonly epoch: string;
  readonly n: number;
  readonly h: number;
  readonly put?: string | undefined;
}

/** `epoch:n`: when the data of a tag was read; and `~put` where that was when this put was carried out, if it was. */
export interface Stamp extends Sequence {
  readonly put?: string | undefined;
}

const SEQUENCE = /^([0-9A-Za-z]{12}):([0-9A-Za-z]{12}):(\d{1,15})$/;
const TAG = /^([0-9A-Za-z]{12}):(\d{1,15}):(\d{1,15})(?::\d{1,15})?(?:~([0-9A-Za-z]{12}))?$/;
const STAMP = /^([0-9A-Za-z]{12}):(\d{1,15})(?:~([0-9A-Za-z]{12}))?$/;

/** 48 random bits: no era has the name of another, and no put. */
export function newEpoch(): string {
  return randomBytes(6).toString('hex');
}

/** The sequence as this run of the server counts it; what another run left behind is missing (PROTOCOL 4.2). */
export function readSequence(value: unknown, run: string): Sequence | undefined {
  const [, itsRun, epoch = '', n = ''] = SEQUENCE.exec(textOf(value)) ?? [];
  return itsRun === run ? { epoch, n: Number(n) } : undefined;
}

export function readTag(value: unknown): TagValue | undefined {
  const [found, epoch = '', n = '', h = '', put] = TAG.exec(textOf(value)) ?? [];
  return found === undefined ? undefined : { epoch, n: Number(n), h: Number(h), put };
}

export function readStamp(stamp: string): Stamp | undefined {
  const [found, epoch = '', n = '', put] = STAMP.exec(stamp) ?? [];
  return found === undefined ? undefined : { epoch, n: Number(n), put };
}

export function stampOf({ epoch, n, put }: Stamp): string {
  return put === undefined ? `${epoch}:${n}` : `${epoch}:${n}~${put}`;
}

/** A foreign value may be of any length; none of ours is longer than this. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value.length <= 80 ? value : '';
  return value instanceof Uint8Array && value.length <= 80 ? Buffer.from(value).toString('latin1') : '';
}
