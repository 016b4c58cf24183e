import { crc32 } from 'node:zlib';
import type { FrameCodec } from '../ports/codec.js';
import type { StoredResponse } from '../ports/stored-response.js';
import type { SelectingMarker } from '../ports/tagged-store.js';
import { markerHeader, readMarker, readResponse, responseHeader } from './frame-header.js';

/*
 * One frame, all numbers little-endian:
 *
 *   0   4  magic "VCF" 0x1A
 *   4   1  format version
 *   5   1  flags: bit 0 = selecting marker; the others are reserved and must be 0
 *   6   4  length of the header
 *   10  4  length of the body
 *   14     header, JSON in UTF-8
 *          body
 *   -4  4  CRC32 of everything before it
 */
const MAGIC = 0x1a464356;
const VERSION = 1;
const MARKER = 1;
const HEAD = 14;
const TAIL = 4;

/**
 * The binary form of a stored response: one header, one body, one checksum.
 *
 * The checksum finds damage, not forgery: who may write to the shared store may forge a response. What is decoded is
 * checked field by field all the same, so that even a forged frame yields one well-formed response and never two.
 */
export const frameCodec: FrameCodec = {
  encode(stored: StoredResponse): Uint8Array {
    return assemble(0, responseHeader(stored), stored.body);
  },

  encodeMarker(key: string, marker: SelectingMarker): Uint8Array {
    return assemble(MARKER, markerHeader(key, marker), undefined);
  },

  decode(bytes: Uint8Array, key: string): StoredResponse | SelectingMarker | undefined {
    try {
      return disassemble(bytes, key);
    } catch {
      // Only JSON.parse can throw here, on a header that carries a right checksum and is still not ours.
      return undefined;
    }
  },
};

function assemble(flags: number, header: unknown, body: Uint8Array | undefined): Uint8Array {
  const json = Buffer.from(JSON.stringify(header));
  const bodyLength = body?.length ?? 0;
  const frame = Buffer.allocUnsafe(HEAD + json.length + bodyLength + TAIL);
  frame.writeUInt32LE(MAGIC, 0);
  frame[4] = VERSION;
  frame[5] = flags;
  frame.writeUInt32LE(json.length, 6);
  frame.writeUInt32LE(bodyLength, 10);
  frame.set(json, HEAD);
  if (body !== undefined) frame.set(body, HEAD + json.length);
  const end = frame.length - TAIL;
  frame.writeUInt32LE(crc32(frame.subarray(0, end)), end);
  return frame;
}

function disassemble(bytes: Uint8Array, key: string): StoredResponse | SelectingMarker | undefined {
  if (!(bytes instanceof Uint8Array) || bytes.length < HEAD + TAIL) return undefined;
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (frame.readUInt32LE(0) !== MAGIC || frame[4] !== VERSION) return undefined;
  const flags = frame[5];
  if (flags !== 0 && flags !== MARKER) return undefined;
  const bodyAt = HEAD + frame.readUInt32LE(6);
  const end = bodyAt + frame.readUInt32LE(10);
  if (end + TAIL !== frame.length) return undefined;
  if (crc32(frame.subarray(0, end)) !== frame.readUInt32LE(end)) return undefined;

  const header: unknown = JSON.parse(frame.toString('utf8', HEAD, bodyAt));
  if (flags === MARKER) return end === bodyAt ? readMarker(header, key) : undefined;
  // Memory of its own: a slice would keep the whole frame alive, and a small pooled buffer the slab around it.
  const body = Buffer.allocUnsafeSlow(end - bodyAt);
  frame.copy(body, 0, bodyAt, end);
  return readResponse(header, key, body);
}
