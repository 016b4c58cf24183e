import type { StoredResponse } from './stored-response.js';
import type { SelectingMarker } from './tagged-store.js';

/** Turns stored responses into bytes and back. Decoding never throws and never trusts. */
export interface FrameCodec {
  encode(stored: StoredResponse): Uint8Array;
  encodeMarker(key: string, marker: SelectingMarker): Uint8Array;
  /** `undefined` for anything but a whole, intact frame of exactly this key. */
  decode(bytes: Uint8Array, key: string): StoredResponse | SelectingMarker | undefined;
}
