import type { StoredResponse } from './stored-response.js';
import type { SelectingMarker } from './tagged-store.js';

/** Why bytes that were found under a key are not used: a miss, and counted. */
export type FrameDefect =
  /** Not a whole, intact frame of this very key: cut off, changed, another's, or no frame at all. */
  | 'damaged'
  /** A frame of another version of this library. */
  | 'format'
  /** Not signed, or by nobody whose secret is known here. */
  | 'signature'
  /** Compressed by a coding that this Node does not have, or not as long as it says. */
  | 'coding';

/** A body on its way into a frame. */
export interface PackedBody {
  readonly coding: 'gzip' | 'zstd';
  readonly bytes: Uint8Array;
}

/** Turns stored responses into bytes and back. Decoding never throws and never trusts. */
export interface FrameCodec {
  /**
   * Compresses a body that is worth it, off the main thread.
   *
   * @returns `undefined` for one that goes as it is, and then nobody waits for anything
   */
  pack(stored: StoredResponse): Promise<PackedBody | undefined> | undefined;
  encode(stored: StoredResponse, packed?: PackedBody): Uint8Array;
  encodeMarker(key: string, marker: SelectingMarker): Uint8Array;
  /**
   * `undefined` for anything but a whole, intact frame of exactly this key. A response's body may be compressed still:
   * whoever is going to use it, and only he, calls {@link unpack}.
   */
  decode(bytes: Uint8Array, key: string): StoredResponse | SelectingMarker | undefined;
  /**
   * The response with its body as it is sent; the same where it is that already.
   *
   * @returns nothing in it where the body is not what the frame says
   */
  unpack(stored: StoredResponse): Promise<StoredResponse | undefined> | StoredResponse | undefined;
}
