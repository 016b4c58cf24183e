import type { EncodedValue, ValueCodec } from '../ports/value-codec.js';
import { checkDepth, Damaged, read, UnknownClass } from './value-reader.js';
import { NotWritable, type Written, write } from './value-writer.js';

/** The first byte. A process that finds another one misses, and writes the value anew. */
const VERSION = 1;
/** The second: the value in JSON, as it is. */
const PLAIN = 0;
/** The length of the JSON in four bytes, JSON with {@link marks} in it, and the bytes they name. */
const MARKED = 1;
const HEADER = 2;
const LENGTH = 4;

/**
 * Values as bytes: JSON, which every Node reads and nobody can make run or grow, with marks for what JSON cannot say.
 * See docs/decisions/0018-value-codec.md.
 */
export const valueCodec: ValueCodec = {
  encode(value): EncodedValue {
    try {
      return { kind: 'bytes', bytes: join(write(value)) };
    } catch (error) {
      if (error instanceof NotWritable) return error.answer;
      // A getter threw, or what is left of the stack is too little, or the JSON would be longer than a string can be.
      return { kind: 'unstorable', what: `value has no bytes: ${error}` };
    }
  },
  decode(bytes, onUnknownClass) {
    try {
      return { value: parse(bytes) };
    } catch (error) {
      if (error instanceof UnknownClass) onUnknownClass?.(error.className);
      return undefined;
    }
  },
};

function join({ json, parts, isPlain }: Written): Buffer {
  const text = JSON.stringify(json);
  const length = Buffer.byteLength(text);
  if (isPlain) {
    const bytes = Buffer.allocUnsafe(HEADER + length);
    bytes[0] = VERSION;
    bytes[1] = PLAIN;
    bytes.write(text, HEADER);
    return bytes;
  }
  const head = Buffer.allocUnsafe(HEADER + LENGTH + length);
  head[0] = VERSION;
  head[1] = MARKED;
  head.writeUInt32BE(length, HEADER);
  head.write(text, HEADER + LENGTH);
  return parts.length === 0 ? head : Buffer.concat([head, ...parts]);
}

function parse(bytes: Buffer): unknown {
  if (bytes.length < HEADER || bytes[0] !== VERSION) throw new Damaged();
  if (bytes[1] === PLAIN) {
    const value: unknown = JSON.parse(bytes.toString('utf8', HEADER));
    checkDepth(value);
    return value;
  }
  if (bytes[1] !== MARKED) throw new Damaged();
  const start = HEADER + LENGTH;
  const end = start + bytes.readUInt32BE(HEADER);
  if (end > bytes.length) throw new Damaged();
  return read(JSON.parse(bytes.toString('utf8', start, end)), bytes.subarray(end));
}
