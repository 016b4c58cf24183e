import { deserialize, serialize } from 'node:v8';
import type { ValueCodec } from '../ports/value-codec.js';

/** Values as bytes. */
export const valueCodec: ValueCodec = {
  encode: (value) => ({ kind: 'bytes', bytes: serialize(value) }),
  decode(bytes) {
    try {
      return { value: deserialize(bytes) };
    } catch {
      return undefined;
    }
  },
};
