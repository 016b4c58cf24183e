import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import type { Compression } from '../config/compression.js';
import { isCompressible } from '../http/compressible.js';
import type { PackedBody } from '../ports/codec.js';
import type { StoredResponse } from '../ports/stored-response.js';

/** What `node:zlib` has beyond Node 20. */
interface Zstd {
  zstdCompress?(body: Uint8Array, options: object, done: (error: Error | null, bytes: Buffer) => void): void;
  zstdDecompress?(body: Uint8Array, options: object, done: (error: Error | null, bytes: Buffer) => void): void;
  zstdDecompressSync?(body: Uint8Array, options: object): Buffer;
}
const { zstdCompress, zstdDecompress, zstdDecompressSync } = zlib as Zstd;

/** Fast: the size matters on the way to a store, and no visitor is sent this. */
const GZIP = { level: 3 };
/** Up to here unpacking at once takes less of the main thread than handing it to another does. */
const AT_ONCE = 64 * 1024;
/**
 * The longest body that is compressed, and that is unpacked: a small frame may say that a gigabyte is in it. The same in
 * every process, whatever its memory may hold, so that each reads what another wrote; a longer body goes as it is.
 */
export const LONGEST_PACKED = 64 * 1024 * 1024;
/** What comes out must be this much smaller, or the body goes as it is. */
const WORTH = 0.9;

/** Compresses a body that is worth it; `undefined` for one that goes as it is. */
export function packBody(stored: StoredResponse, how: Compression): Promise<PackedBody | undefined> | undefined {
  const { length } = stored.body;
  if (length < Math.max(how.threshold, 1) || length > LONGEST_PACKED || !isPlainText(stored.headers)) return undefined;
  return pack(stored.body, how.coding);
}

async function pack(body: Buffer, coding: PackedBody['coding']): Promise<PackedBody | undefined> {
  try {
    const bytes =
      coding === 'zstd' && zstdCompress !== undefined
        ? await promisify(zstdCompress)(body, {})
        : await promisify(zlib.gzip)(body, GZIP);
    return bytes.length < body.length * WORTH ? { coding, bytes } : undefined;
  } catch {
    return undefined;
  }
}

function isPlainText(headers: readonly string[]): boolean {
  let type: string | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] ?? '').toLowerCase();
    if (name === 'content-encoding') return false;
    if (name === 'content-type') type = headers[i + 1];
  }
  return isCompressible(type);
}

/** Whether this Node can undo a coding. */
export function canUnpack(coding: PackedBody['coding']): boolean {
  return coding === 'gzip' || zstdDecompress !== undefined;
}

/**
 * Undoes a coding.
 *
 * @param length - what comes out; a byte more is not waited for, and one less is no body either
 */
export function unpackBody(
  { coding, bytes }: PackedBody,
  length: number,
): Buffer | undefined | Promise<Buffer | undefined> {
  const limit = { maxOutputLength: Math.max(length, 1) };
  const whole = (body: Buffer): Buffer | undefined => (body.length === length ? unpooled(body) : undefined);
  if (length > AT_ONCE) {
    const undo = coding === 'gzip' ? promisify(zlib.gunzip) : zstdDecompress && promisify(zstdDecompress);
    return undo?.(bytes, limit).then(whole, () => undefined);
  }
  try {
    const body = coding === 'gzip' ? zlib.gunzipSync(bytes, limit) : zstdDecompressSync?.(bytes, limit);
    return body === undefined ? undefined : whole(body);
  } catch {
    return undefined;
  }
}

/** Memory of its own: what zlib hands out may be a part of a larger block, which would be kept alive. */
function unpooled(body: Buffer): Buffer {
  if (body.buffer.byteLength === body.length) return body;
  const own = Buffer.allocUnsafeSlow(body.length);
  body.copy(own);
  return own;
}
