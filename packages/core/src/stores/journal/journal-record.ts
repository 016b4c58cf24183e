import { crc32 } from 'node:zlib';
import type { PendingWrite, WriteKey } from '../../values/strategies/write-queue.js';

/*
 * A journal is a header and records. A record: the length of its body and the CRC32 of that, four bytes each, then the body: its
 * kind, the version as a double, the length of the key, the key in JSON (a number is no text), and the bytes of the value.
 */

/** What a journal begins with: its name, and the version of the format. */
export const JOURNAL_HEADER: Buffer = Buffer.from('viewcache-writes 1\n');

const KINDS = { set: 1, delete: 2, forget: 3 } as const;
const FRAME = 8;
const FIXED = 13;
/** Longer than any value may be: a length that says so is damage. */
const LONGEST = 2 ** 30;

/** One thing that a journal says. */
export interface JournalRecord {
  readonly kind: keyof typeof KINDS;
  readonly key: WriteKey;
  readonly version: number;
  readonly bytes: Buffer | undefined;
}

/** The record of a write. */
export function recordOf({ key, version, bytes }: PendingWrite): Buffer {
  return encode(bytes === undefined ? KINDS.delete : KINDS.set, key, version, bytes);
}

/** The record that says that a write, and what came before it of its key, is not needed any more. */
export function forgetRecord({ key, version }: PendingWrite): Buffer {
  return encode(KINDS.forget, key, version, undefined);
}

function encode(kind: number, key: WriteKey, version: number, bytes: Buffer | undefined): Buffer {
  const name = Buffer.from(JSON.stringify(key));
  const body = Buffer.allocUnsafe(FIXED + name.length + (bytes?.length ?? 0));
  body[0] = kind;
  body.writeDoubleBE(version, 1);
  body.writeUInt32BE(name.length, 9);
  name.copy(body, FIXED);
  bytes?.copy(body, FIXED + name.length);
  const frame = Buffer.allocUnsafe(FRAME);
  frame.writeUInt32BE(body.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame, body]);
}

/** What was read of a journal. */
export interface JournalContent {
  readonly records: readonly JournalRecord[];
  /** How far it is whole: what is behind that was being written when its process ended, or is damaged. */
  readonly length: number;
}

/** Reads a journal as far as it is whole; `undefined` for what is none. */
export function readJournal(file: Buffer): JournalContent | undefined {
  // It was being made when its process ended.
  if (file.length < JOURNAL_HEADER.length && JOURNAL_HEADER.subarray(0, file.length).equals(file))
    return { records: [], length: 0 };
  if (!file.subarray(0, JOURNAL_HEADER.length).equals(JOURNAL_HEADER)) return undefined;
  const records: JournalRecord[] = [];
  let at = JOURNAL_HEADER.length;
  while (at + FRAME <= file.length) {
    const length = file.readUInt32BE(at);
    const end = at + FRAME + length;
    if (length < FIXED || length > LONGEST || end > file.length) break;
    const body = file.subarray(at + FRAME, end);
    if (crc32(body) !== file.readUInt32BE(at + 4)) break;
    const record = decode(body);
    if (record === undefined) break;
    records.push(record);
    at = end;
  }
  return { records, length: at };
}

function decode(body: Buffer): JournalRecord | undefined {
  const kind = (Object.keys(KINDS) as (keyof typeof KINDS)[]).find((name) => KINDS[name] === body[0]);
  const end = FIXED + body.readUInt32BE(9);
  const version = body.readDoubleBE(1);
  if (kind === undefined || end > body.length || !Number.isSafeInteger(version)) return undefined;
  try {
    const key: unknown = JSON.parse(body.toString('utf8', FIXED, end));
    if (typeof key !== 'string' && typeof key !== 'number') return undefined;
    // A copy, so that a small value does not keep the whole file in memory.
    return { kind, key, version, bytes: kind === 'set' ? Buffer.from(body.subarray(end)) : undefined };
  } catch {
    return undefined;
  }
}
