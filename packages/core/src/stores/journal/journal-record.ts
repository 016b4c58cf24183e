import { crc32 } from 'node:zlib';
import type { PendingWrite, WriteKey } from '../../values/strategies/write-queue.js';

/*
 * A journal is a header and records. A record: the length of its body and a checksum of that, four bytes each, then the body: its
 * kind, the version as a double, the length of the key, the key in JSON (a number is no text), and the bytes of the value. The first
 * one says whose journal it is: in place of a key it has the name of the strategy, and the largest version that was in the file
 * when it was written anew.
 *
 * The checksum is the CRC32, begun with a number that is drawn for each file and nobody who hands in a value can know: behind what
 * is damaged records are looked for byte by byte, and what looks like one in the midst of a value must not be taken for one. The
 * header has the number twice, each time with the CRC32 of it, so that damage to one of them costs nothing.
 */

const KINDS = { set: 1, delete: 2, forget: 3, owner: 4 } as const;
const KIND_NAMES = new Map(Object.entries(KINDS).map(([name, kind]) => [kind as number, name as keyof typeof KINDS]));
const FRAME = 8;
const FIXED = 13;
const NAME = Buffer.from('viewcache-writes 2\n');
/** Of the first version, in which checksums began with nothing; it had no number. */
const FIRST_NAME = Buffer.from('viewcache-writes 1\n');
const SALT = 8;
/** Longer than any value may be: a length that says so is damage. */
const LONGEST = 2 ** 30;

/** One thing that a journal says. */
export interface JournalRecord {
  readonly kind: Exclude<keyof typeof KINDS, 'owner'>;
  readonly key: WriteKey;
  readonly version: number;
  readonly bytes: Buffer | undefined;
}

/** What the records of one file are written with. */
export class JournalFormat {
  readonly #salt: number;

  /** @param salt - drawn for each file */
  constructor(salt: number) {
    this.#salt = salt;
  }

  /** What a journal begins with: its name, the version of the format, and the number that is drawn. */
  header(): Buffer {
    const salt = Buffer.allocUnsafe(SALT);
    salt.writeUInt32BE(this.#salt, 0);
    salt.writeUInt32BE(crc32(salt.subarray(0, 4)), 4);
    return Buffer.concat([NAME, salt, salt]);
  }

  /** The record that says of which strategy the others are. */
  ownerRecord(strategy: string, lastVersion: number): Buffer {
    return this.#encode(KINDS.owner, strategy, lastVersion, undefined);
  }

  /** The record of a write. */
  recordOf({ key, version, bytes }: PendingWrite): Buffer {
    return this.#encode(bytes === undefined ? KINDS.delete : KINDS.set, key, version, bytes);
  }

  /** The record that says that a write, and what came before it of its key, is not needed any more. */
  forgetRecord({ key, version }: PendingWrite): Buffer {
    return this.#encode(KINDS.forget, key, version, undefined);
  }

  #encode(kind: number, key: WriteKey, version: number, bytes: Buffer | undefined): Buffer {
    const name = Buffer.from(JSON.stringify(key));
    const body = Buffer.allocUnsafe(FIXED + name.length + (bytes?.length ?? 0));
    body[0] = kind;
    body.writeDoubleBE(version, 1);
    body.writeUInt32BE(name.length, 9);
    name.copy(body, FIXED);
    bytes?.copy(body, FIXED + name.length);
    const frame = Buffer.allocUnsafe(FRAME);
    frame.writeUInt32BE(body.length, 0);
    frame.writeUInt32BE(crc32(body, this.#salt), 4);
    return Buffer.concat([frame, body]);
  }
}

/** What was read of a journal. */
export interface JournalContent {
  /** The name of the strategy whose it is; `undefined` where it does not say, as those before did not, or cannot any more. */
  readonly owner: string | undefined;
  readonly records: readonly JournalRecord[];
  /** The largest version that was ever in it; 0 where none was. */
  readonly lastVersion: number;
  /** What is added to it has to be written with this; `undefined` where nothing can be, as its beginning is not whole. */
  readonly salt: number | undefined;
  /** Bytes that are no record, in the midst of it: something has damaged what was written whole. */
  readonly damaged: number;
  /** The same at its end: damage as well, or what was being written when its process ended. */
  readonly torn: number;
}

/** Reads of a journal what can be read; `undefined` for what is none. */
export function readJournal(file: Buffer): JournalContent | undefined {
  const begin = beginningOf(file);
  if (begin === undefined) return undefined;
  const records: JournalRecord[] = [];
  let owner: string | undefined;
  let lastVersion = 0;
  let damaged = 0;
  const { salt = 0 } = begin;
  let at = begin.length;
  for (let from = at; from < file.length; ) {
    const found = recordAt(file, from, salt);
    if (found === undefined) {
      from = from === at ? afterLength(file, from, salt) : from + 1;
      continue;
    }
    const { kind, key, version, bytes } = found.record;
    if (kind === 'owner') owner = String(key);
    else records.push({ kind, key, version, bytes });
    lastVersion = Math.max(lastVersion, version);
    damaged += from - at;
    at = found.end;
    from = at;
  }
  return { owner, records, lastVersion, salt: begin.salt, damaged, torn: file.length - at };
}

/** Where the records begin, and what their checksums begin with. */
interface Beginning {
  readonly length: number;
  /** `undefined` where it is not whole. */
  readonly salt: number | undefined;
}

function beginningOf(file: Buffer): Beginning | undefined {
  if (file.subarray(0, FIRST_NAME.length).equals(FIRST_NAME)) return { length: FIRST_NAME.length, salt: 0 };
  const length = NAME.length + 2 * SALT;
  // It was being made when its process ended, and nothing has come into it.
  if (file.length < length && NAME.subarray(0, file.length).equals(file.subarray(0, NAME.length)))
    return { length: file.length, salt: undefined };
  if (!file.subarray(0, NAME.length).equals(NAME)) return undefined;
  for (let at = NAME.length; at < length; at += SALT)
    if (crc32(file.subarray(at, at + 4)) === file.readUInt32BE(at + 4)) return { length, salt: file.readUInt32BE(at) };
  return undefined;
}

/** Of a record whose body alone is damaged the length says where the next one begins; else that is looked for byte by byte. */
function afterLength(file: Buffer, at: number, salt: number): number {
  const end = at + FRAME + (at + FRAME <= file.length ? file.readUInt32BE(at) : 0);
  return end > at + FRAME && recordAt(file, end, salt) !== undefined ? end : at + 1;
}

/** A record of any kind. */
interface Decoded extends Omit<JournalRecord, 'kind'> {
  readonly kind: keyof typeof KINDS;
}

function recordAt(file: Buffer, at: number, salt: number): { record: Decoded; end: number } | undefined {
  if (at + FRAME + FIXED > file.length) return undefined;
  const length = file.readUInt32BE(at);
  const end = at + FRAME + length;
  // What can be seen at once first: of a long file each byte may have to be looked at.
  if (length < FIXED || length > LONGEST || end > file.length) return undefined;
  if (file.readUInt32BE(at + FRAME + 9) > length - FIXED || !isLikely(file, at + FRAME)) return undefined;
  const body = file.subarray(at + FRAME, end);
  if (crc32(body, salt) !== file.readUInt32BE(at + 4)) return undefined;
  const record = decode(body);
  return record && { record, end };
}

function isLikely(file: Buffer, at: number): boolean {
  const key = file[at + FIXED] ?? 0;
  const isKey = key === 0x22 || key === 0x2d || (key >= 0x30 && key <= 0x39);
  return isKey && KIND_NAMES.has(file[at] ?? 0) && Number.isSafeInteger(file.readDoubleBE(at + 1));
}

function decode(body: Buffer): Decoded | undefined {
  const kind = KIND_NAMES.get(body[0] ?? 0);
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
