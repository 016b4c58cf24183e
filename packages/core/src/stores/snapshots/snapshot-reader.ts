import { crc32 } from 'node:zlib';
import {
  CLEARED,
  decodeHead,
  END,
  GONE,
  HEAD_BYTES,
  MOST_SECTION_BYTES,
  RECORDS,
  SECTION_HEAD_BYTES,
  type SnapshotDefect,
} from './format.js';
import { decodeRecords, type SnapshotRecord } from './record.js';
import type { SnapshotSource } from './source.js';

/** A snapshot of which every byte was looked at. */
export interface SoundSnapshot {
  readonly begunAt: number;
  /** How many records it has, those included that left while it was written. */
  readonly count: number;
  /** Its records without those that left while it was written; many in one turn, and as many turns as there are parts. */
  records(): AsyncGenerator<SnapshotRecord>;
}

/**
 * Reads a snapshot from end to end before anything of it is taken for true.
 *
 * Only a part of it is in memory at a time.
 */
export async function readSnapshot(source: SnapshotSource): Promise<SoundSnapshot | SnapshotDefect> {
  const begunAt = decodeHead(await source.read(0, HEAD_BYTES));
  if (typeof begunAt !== 'number') return begunAt;
  const gone = new Set<string>();
  let count = 0;
  let from = HEAD_BYTES;
  try {
    for await (const { kind, content, next } of sectionsOf(source, HEAD_BYTES)) {
      if (kind === END) return content.readDoubleBE(0) === count ? { begunAt, count, records } : 'corrupt';
      if (kind === CLEARED) {
        from = next;
        continue;
      }
      if (kind !== RECORDS && kind !== GONE) return 'corrupt';
      for (const { key } of decodeRecords(content)) {
        if (kind === GONE) gone.add(key);
        else count++;
      }
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  // Without its end it was cut off.
  return 'corrupt';

  async function* records(): AsyncGenerator<SnapshotRecord> {
    for await (const { kind, content } of sectionsOf(source, from)) {
      if (kind !== RECORDS) continue;
      for (const record of decodeRecords(content)) if (!gone.has(record.key)) yield record;
    }
  }
}

/** As much is read at a time of a section that is not known to be sound. */
const PIECE_BYTES = 2 ** 20;

interface Section {
  readonly kind: number;
  readonly content: Buffer;
  /** Where the next one begins. */
  readonly next: number;
}

/** The sections from one on, up to the first that is not what it was when it was written, and no further than the end. */
async function* sectionsOf(source: SnapshotSource, from: number): AsyncGenerator<Section> {
  for (let at = from; at < source.size; ) {
    const head = await source.read(at, SECTION_HEAD_BYTES);
    if (head.length < SECTION_HEAD_BYTES) return;
    const length = head.readUInt32BE(0);
    at += SECTION_HEAD_BYTES + length;
    if (length === 0 || length > MOST_SECTION_BYTES || at > source.size) return;
    const sum = head.readUInt32BE(4);
    // Its length is as likely to be wrong as all the rest: nothing as long as that is kept in memory before.
    if (length > PIECE_BYTES && (await sumOf(source, at - length, at)) !== sum) return;
    const bytes = await source.read(at - length, length);
    if (bytes.length < length || crc32(bytes) !== sum) return;
    const kind = bytes[0] as number;
    // Nothing may stand behind the end.
    if (kind === END && at !== source.size) return;
    yield { kind, content: bytes.subarray(1), next: at };
    if (kind === END) return;
  }
}

/** The checksum of what may be too long for memory; `undefined` where it ends before. */
async function sumOf(source: SnapshotSource, from: number, to: number): Promise<number | undefined> {
  let sum = 0;
  for (let at = from; at < to; at += PIECE_BYTES) {
    const length = Math.min(PIECE_BYTES, to - at);
    const piece = await source.read(at, length);
    if (piece.length < length) return undefined;
    sum = crc32(piece, sum);
  }
  return sum;
}
