import { createHmac, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Compression } from '../config/compression.js';
import type { FrameCodec, FrameDefect, PackedBody } from '../ports/codec.js';
import type { StoredResponse } from '../ports/stored-response.js';
import type { SelectingMarker } from '../ports/tagged-store.js';
import { canUnpack, LONGEST_PACKED, packBody, unpackBody } from './body-packing.js';
import { markerHeader, readMarker, readResponse, responseHeader } from './frame-header.js';

/*
 * One frame, all numbers little-endian:
 *
 *   0   4  magic "VCF" 0x1A
 *   4   1  format version
 *   5   1  flags: bit 0 = selecting marker, bit 1 = signed, bits 2 and 3 = coding of the body (0 none, 1 gzip, 2 zstd);
 *          the others are reserved and must be 0
 *   6   4  length of the header
 *   10  4  length of the body, as it is in the frame
 *   14     header, JSON in UTF-8
 *          body
 *       4  CRC32 of everything before it
 *   -32 32 where signed: HMAC-SHA-256 of the context and everything before it
 */
const MAGIC = 0x1a464356;
const VERSION = 2;
const MARKER = 1;
const SIGNED = 2;
const CODING = 12;
const HEAD = 14;
const CRC = 4;
const MAC = 32;

const CODINGS = [undefined, 'gzip', 'zstd'] as const;

/** How frames are made and judged. */
export interface FrameOptions {
  /** The first signs, each verifies; with none, nothing is signed and a signature is not looked at. */
  readonly secrets?: readonly string[];
  /** What a signature holds for, beside the frame: one that is signed for another cache is forged here. */
  readonly context?: string;
  readonly compression?: Compression | undefined;
  /** Hears of what was found under a key and cannot be used. */
  onDefect?(key: string, defect: FrameDefect): void;
}

/** A response whose body is compressed still. */
interface PackedResponse extends StoredResponse {
  readonly packed: { readonly coding: PackedBody['coding']; readonly length: number };
}

/**
 * The binary form of a stored response: one header, one body, one checksum, and a signature where there is a secret.
 *
 * The checksum finds damage, not forgery: without a secret, who may write to the shared store may forge a response. What is
 * decoded is checked field by field all the same, so that even a forged frame yields one well-formed response and never two.
 */
export function frameCodec(options: FrameOptions = {}): FrameCodec {
  const { secrets = [], context = '', compression } = options;
  const [signing] = secrets;
  const sign = (secret: string, bytes: Uint8Array): Buffer =>
    createHmac('sha256', secret).update(context).update('\0').update(bytes).digest();

  const seal = (flags: number, header: unknown, body: Uint8Array | undefined): Uint8Array => {
    if (signing === undefined) return assemble(flags, header, body, 0);
    const frame = assemble(flags | SIGNED, header, body, MAC);
    const end = frame.length - MAC;
    frame.set(sign(signing, frame.subarray(0, end)), end);
    return frame;
  };
  const isSigned = (frame: Buffer, end: number): boolean => {
    const mac = frame.subarray(end);
    if (mac.length !== MAC) return false;
    const signed = frame.subarray(0, end);
    return secrets.some((secret) => timingSafeEqual(sign(secret, signed), mac));
  };
  const defective = (key: string, defect: FrameDefect): undefined => {
    options.onDefect?.(key, defect);
    return undefined;
  };

  return {
    pack: (stored) => (compression === undefined ? undefined : packBody(stored, compression)),

    encode(stored, packed) {
      const header = responseHeader(stored, packed === undefined ? undefined : stored.body.length);
      const flags = packed === undefined ? 0 : CODINGS.indexOf(packed.coding) << 2;
      return seal(flags, header, packed?.bytes ?? stored.body);
    },

    encodeMarker: (key, marker) => seal(MARKER, markerHeader(key, marker), undefined),

    decode(bytes, key) {
      const frame = openFrame(bytes);
      if (typeof frame === 'string') return defective(key, frame);
      if (secrets.length > 0 && !isSigned(frame.bytes, frame.signedEnd)) return defective(key, 'signature');
      if (!isIntact(frame)) return defective(key, 'damaged');
      const { coding } = frame;
      if (coding !== undefined && !canUnpack(coding)) return defective(key, 'coding');
      const read = readFrame(frame, key);
      return read ?? defective(key, 'damaged');
    },

    unpack(stored) {
      if (!isPacked(stored)) return stored;
      const { packed, ...rest } = stored;
      const made = (body: Buffer | undefined): StoredResponse | undefined =>
        body === undefined ? defective(stored.key, 'coding') : { ...rest, body };
      const body = unpackBody({ coding: packed.coding, bytes: stored.body }, packed.length);
      return body === undefined || Buffer.isBuffer(body) ? made(body) : body.then(made);
    },
  };
}

function isPacked(stored: StoredResponse): stored is PackedResponse {
  return 'packed' in stored;
}

function assemble(flags: number, header: unknown, body: Uint8Array | undefined, more: number): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const bodyLength = body?.length ?? 0;
  const frame = Buffer.allocUnsafe(HEAD + json.length + bodyLength + CRC + more);
  frame.writeUInt32LE(MAGIC, 0);
  frame[4] = VERSION;
  frame[5] = flags;
  frame.writeUInt32LE(json.length, 6);
  frame.writeUInt32LE(bodyLength, 10);
  frame.set(json, HEAD);
  if (body !== undefined) frame.set(body, HEAD + json.length);
  const end = HEAD + json.length + bodyLength;
  frame.writeUInt32LE(crc32(frame.subarray(0, end)), end);
  return frame;
}

/** A frame whose lengths are right, and nothing else is known of it. */
interface OpenFrame {
  readonly bytes: Buffer;
  readonly flags: number;
  readonly coding: PackedBody['coding'] | undefined;
  readonly bodyAt: number;
  readonly bodyEnd: number;
  /** Where the checksum ends, and a signature begins. */
  readonly signedEnd: number;
}

function openFrame(bytes: Uint8Array): OpenFrame | FrameDefect {
  if (!(bytes instanceof Uint8Array) || bytes.length < HEAD + CRC) return 'damaged';
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (frame.readUInt32LE(0) !== MAGIC) return 'damaged';
  if (frame[4] !== VERSION) return 'format';
  const flags = frame[5] ?? 0;
  if ((flags & ~(MARKER | SIGNED | CODING)) !== 0 || flags >> 2 >= CODINGS.length) return 'damaged';
  const bodyAt = HEAD + frame.readUInt32LE(6);
  const bodyEnd = bodyAt + frame.readUInt32LE(10);
  const signedEnd = bodyEnd + CRC;
  if (signedEnd + ((flags & SIGNED) === 0 ? 0 : MAC) !== frame.length) return 'damaged';
  return { bytes: frame, flags, coding: CODINGS[flags >> 2], bodyAt, bodyEnd, signedEnd };
}

function isIntact({ bytes, bodyEnd }: OpenFrame): boolean {
  return crc32(bytes.subarray(0, bodyEnd)) === bytes.readUInt32LE(bodyEnd);
}

function readFrame(frame: OpenFrame, key: string): StoredResponse | SelectingMarker | undefined {
  const { bytes, flags, coding, bodyAt, bodyEnd } = frame;
  const header = parsed(bytes.toString('utf8', HEAD, bodyAt));
  if ((flags & MARKER) !== 0) return bodyEnd === bodyAt && coding === undefined ? readMarker(header, key) : undefined;
  // Memory of its own: a slice would keep the whole frame alive, and a small pooled buffer the slab around it.
  const body = Buffer.allocUnsafeSlow(bodyEnd - bodyAt);
  bytes.copy(body, 0, bodyAt, bodyEnd);
  if (coding === undefined) return readResponse(header, key, body, body.length);
  const length = lengthIn(header);
  const stored = length === undefined ? undefined : readResponse(header, key, body, length);
  return stored === undefined ? undefined : ({ ...stored, packed: { coding, length } } as PackedResponse);
}

/** What a header that carries a right checksum says may still not be ours. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** How long the body is when it is unpacked. */
function lengthIn(header: unknown): number | undefined {
  const length = typeof header === 'object' && header !== null && 'n' in header ? header.n : undefined;
  return Number.isSafeInteger(length) && (length as number) >= 0 && (length as number) <= LONGEST_PACKED
    ? (length as number)
    : undefined;
}
