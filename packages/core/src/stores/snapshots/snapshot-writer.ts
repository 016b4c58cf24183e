import { CLEARED, encodeEnd, encodeHead, encodeSection, GONE, MOST_CHARACTERS, RECORDS } from './format.js';
import { encodeRecord, type SnapshotRecord } from './record.js';

/** A section is closed at this many bytes, or records: as much as is written in one turn of the event loop, well under 1 ms. */
const SECTION_BYTES = 64 * 1024;
const SECTION_RECORDS = 250;

/** What changes while a snapshot is written. */
export interface SnapshotChanges {
  /** Keys that were set or deleted since the first step: what the snapshot has of them may not be true any more. */
  readonly keys: ReadonlySet<string>;
  /** Everything that was there at the first step has left. */
  readonly isCleared: boolean;
}

/** A snapshot in the making. */
export interface SnapshotParts {
  /** All but the last part, made as they are asked for: whoever writes them lets others run in between. */
  readonly parts: Iterable<Buffer>;
  /** What has changed up to now, and the end: what changes from here on has changed after the snapshot. */
  last(): Buffer;
}

/**
 * The parts of a snapshot, one behind the other.
 *
 * @param records - those that leave first come first; `undefined` for one that cannot be written
 * @param changes - looked at when all records are written, and again for the last part
 */
export function writeSnapshot(
  begunAt: number,
  records: Iterable<SnapshotRecord | undefined>,
  changes: SnapshotChanges,
): SnapshotParts {
  const changed = changes.keys.values();
  let count = 0;

  function* parts(): Generator<Buffer> {
    yield encodeHead(begunAt);
    yield* sections(RECORDS, encoded());
    yield* sections(GONE, someGone());
  }

  function* encoded(): Generator<Buffer | undefined> {
    for (const record of records) {
      if (record === undefined || record.key.length + record.value.length > MOST_CHARACTERS) {
        yield undefined;
        continue;
      }
      count++;
      yield encodeRecord(record);
    }
  }

  /** Those that have changed by now. One fewer, as an iterator that has said once that there are no more says so for ever. */
  function* someGone(): Generator<Buffer> {
    for (let left = changes.keys.size - 1; left > 0; left--) {
      const { done, value } = changed.next();
      if (done) return;
      yield encodeGone(value);
    }
  }

  return {
    parts: parts(),
    last() {
      const others = changes.isCleared ? [encodeSection(CLEARED, [])] : sections(GONE, Array.from(changed, encodeGone));
      return Buffer.concat([...others, encodeEnd(count)]);
    },
  };
}

function encodeGone(key: string): Buffer {
  return encodeRecord({ key, value: '', expiresAt: 0 });
}

function* sections(kind: number, encoded: Iterable<Buffer | undefined>): Generator<Buffer> {
  let pending: Buffer[] = [];
  let bytes = 0;
  let seen = 0;
  for (const record of encoded) {
    seen++;
    if (record !== undefined) {
      pending.push(record);
      bytes += record.length;
    }
    if (bytes < SECTION_BYTES && seen < SECTION_RECORDS) continue;
    yield encodeSection(kind, pending);
    pending = [];
    bytes = seen = 0;
  }
  if (pending.length > 0) yield encodeSection(kind, pending);
}
