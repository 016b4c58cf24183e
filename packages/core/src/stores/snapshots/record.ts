/** A value with its key, as a snapshot holds it. */
export interface SnapshotRecord {
  readonly key: string;
  /** Text as it is, or bytes. */
  readonly value: string | Buffer;
  /** Milliseconds since the Unix epoch at which it expires; `Infinity` for never. */
  readonly expiresAt: number;
}

/** What a string of a key or value is written as: one byte a character where that says all. */
const LATIN1 = 0;
const UTF16 = 1;
const BYTES = 2;
/** Two kinds, the moment of expiry, and two lengths. */
const HEAD = 2 + 8 + 4 + 4;

const IS_LATIN1 = /^[\0-\xff]*$/;

/** What a record is written as. */
export function encodeRecord({ key, value, expiresAt }: SnapshotRecord): Buffer {
  const keyKind = kindOf(key);
  const valueKind = typeof value === 'string' ? kindOf(value) : BYTES;
  const keyBytes = sizeOf(key, keyKind);
  const valueBytes = typeof value === 'string' ? sizeOf(value, valueKind) : value.length;
  const record = Buffer.allocUnsafe(HEAD + keyBytes + valueBytes);
  record[0] = keyKind;
  record[1] = valueKind;
  record.writeDoubleBE(expiresAt, 2);
  record.writeUInt32BE(keyBytes, 10);
  record.writeUInt32BE(valueBytes, 14);
  record.write(key, HEAD, encodingOf(keyKind));
  if (typeof value === 'string') record.write(value, HEAD + keyBytes, encodingOf(valueKind));
  else value.copy(record, HEAD + keyBytes);
  return record;
}

/**
 * The records that stand one behind the other in some bytes; bytes of values are a view of them.
 *
 * @throws RangeError where they do not end with a record
 */
export function* decodeRecords(bytes: Buffer): Generator<SnapshotRecord> {
  for (let at = 0; at < bytes.length; ) {
    const keyStart = at + HEAD;
    const valueStart = keyStart + bytes.readUInt32BE(at + 10);
    const end = valueStart + bytes.readUInt32BE(at + 14);
    if (end > bytes.length) throw new RangeError('a record is longer than what it stands in');
    const key = bytes.toString(encodingOf(bytes[at] as number), keyStart, valueStart);
    const kind = bytes[at + 1] as number;
    const value = kind === BYTES ? bytes.subarray(valueStart, end) : bytes.toString(encodingOf(kind), valueStart, end);
    yield { key, value, expiresAt: bytes.readDoubleBE(at + 2) };
    at = end;
  }
}

function kindOf(text: string): number {
  return IS_LATIN1.test(text) ? LATIN1 : UTF16;
}

function sizeOf(text: string, kind: number): number {
  return kind === LATIN1 ? text.length : 2 * text.length;
}

/** Not UTF-8, which has no place for half a surrogate pair. */
function encodingOf(kind: number): 'latin1' | 'utf16le' {
  return kind === UTF16 ? 'utf16le' : 'latin1';
}
