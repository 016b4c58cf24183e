import { CLEARED, encodeEnd, encodeHead, encodeSection, GONE, RECORDS } from './format.js';
import { encodeRecord, type SnapshotRecord } from './record.js';

/** A section is closed at this many bytes, or records: as much as is written in one turn of the event loop, well under 1 ms. */
const SECTION_BYTES = 64 * 1024;
const SECTION_RECORDS = 250;

/** What changes while a snapshot is written. */
export interface SnapshotChanges {
  /** Keys that were set or deleted since the first step: what the snapshot has of them may not be true any more. */
  readonly keys: Iterable<string>;
  /** Everything that was there at the first step has left. */
  readonly isCleared: boolean;
}

/**
 * The parts of a snapshot, one behind the other, made as they are asked for: whoever writes them lets others run in between.
 *
 * @param records - those that leave first come first; `undefined` for one that cannot be written
 * @param changes - looked at when all records are written
 */
export function* writeSnapshot(
  begunAt: number,
  records: Iterable<SnapshotRecord | undefined>,
  changes: SnapshotChanges,
): Generator<Buffer> {
  yield encodeHead(begunAt);
  let count = 0;
  let pending: Buffer[] = [];
  let bytes = 0;
  let seen = 0;
  for (const record of records) {
    seen++;
    if (record !== undefined) {
      const encoded = encodeRecord(record);
      pending.push(encoded);
      bytes += encoded.length;
      count++;
    }
    if (bytes < SECTION_BYTES && seen < SECTION_RECORDS) continue;
    yield encodeSection(RECORDS, pending);
    pending = [];
    bytes = seen = 0;
  }
  yield encodeSection(RECORDS, pending);
  // In one go with the end: what changes from here on has changed after the snapshot.
  const gone = Array.from(changes.keys, (key) => encodeRecord({ key, value: '', expiresAt: 0 }));
  const last = changes.isCleared ? encodeSection(CLEARED, []) : encodeSection(GONE, gone);
  yield Buffer.concat([last, encodeEnd(count)]);
}
