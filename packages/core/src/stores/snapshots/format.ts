import { crc32 } from 'node:zlib';

/**
 * The layout of a snapshot: a head, sections, and a last section that says that it is whole.
 *
 *     head      'viewsnap', version (2 bytes), when it was begun (8, ms since the epoch), CRC-32 of what stands before (4)
 *     section   length of what follows the CRC (4), CRC-32 of that (4), kind (1), content
 *     kinds     records; keys that left while it was written, as records without a value; that all left that stand before; the end,
 *               with how many records there were
 */
const MAGIC = Buffer.from('viewsnap', 'latin1');
const VERSION = 1;
export const HEAD_BYTES = 22;
export const SECTION_HEAD_BYTES = 8;

/** What has a longer key and value, in characters or bytes, is not written: at two bytes a character it would be above 1 GB. */
export const MOST_CHARACTERS = 2 ** 29;
/** No section is longer: one such record behind others, of which a section takes no more once it has 64 KB. */
export const MOST_SECTION_BYTES = 2 * MOST_CHARACTERS + 2 ** 17;

export const RECORDS = 0;
export const GONE = 1;
export const CLEARED = 2;
export const END = 3;

/** Why a snapshot was not taken in. */
export type SnapshotDefect = 'missing' | 'foreign' | 'version' | 'corrupt' | 'outdated';

export function encodeHead(begunAt: number): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  MAGIC.copy(head);
  head.writeUInt16BE(VERSION, 8);
  head.writeDoubleBE(begunAt, 10);
  head.writeUInt32BE(crc32(head.subarray(0, 18)), 18);
  return head;
}

/** When a snapshot was begun; or what is wrong with it. */
export function decodeHead(head: Buffer): number | SnapshotDefect {
  if (head.length < MAGIC.length || !head.subarray(0, MAGIC.length).equals(MAGIC)) return 'foreign';
  if (head.length < HEAD_BYTES) return 'corrupt';
  // Before the checksum: another version may have another head.
  if (head.readUInt16BE(8) !== VERSION) return 'version';
  if (head.readUInt32BE(18) !== crc32(head.subarray(0, 18))) return 'corrupt';
  return head.readDoubleBE(10);
}

export function encodeSection(kind: number, content: readonly Buffer[]): Buffer {
  const length = content.reduce((sum, part) => sum + part.length, 1);
  const section = Buffer.allocUnsafe(SECTION_HEAD_BYTES + length);
  section.writeUInt32BE(length, 0);
  section[SECTION_HEAD_BYTES] = kind;
  let at = SECTION_HEAD_BYTES + 1;
  for (const part of content) at += part.copy(section, at);
  section.writeUInt32BE(crc32(section.subarray(SECTION_HEAD_BYTES)), 4);
  return section;
}

export function encodeEnd(records: number): Buffer {
  const count = Buffer.alloc(8);
  count.writeDoubleBE(records);
  return encodeSection(END, [count]);
}
