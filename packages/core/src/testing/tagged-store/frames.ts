import type { StoredResponse } from '../../ports/stored-response.js';
import type { DecodeFrame } from '../../ports/tagged-store.js';

/** A response like any other. */
export const page: StoredResponse = {
  key: '',
  status: 200,
  headers: ['Content-Type', 'text/plain'],
  removes: [],
  body: Buffer.from('hello'),
  selecting: [],
  tags: [],
  storedAt: 1_790_000_000_000,
  lifetimeMs: 60_000,
  etag: undefined,
  lastModified: undefined,
  route: '/',
  producerMs: 1,
  placeholders: [],
};

/** A frame of the contract's own: stores must carry whatever bytes they are given. */
export function encode(stored: StoredResponse): Uint8Array {
  return Buffer.from(JSON.stringify({ ...stored, body: stored.body.toString('base64') }));
}

/** The frame of what says by which fields a target's responses are selected. */
export function encodeMarker(selecting: readonly string[]): Uint8Array {
  return Buffer.from(JSON.stringify({ selecting, isMarker: true }));
}

/** Frames of the contract do not say whose they are. */
export const decodeOf = (bytes: Uint8Array): ReturnType<DecodeFrame> => decode(bytes);

/** Reads what {@link encode} and {@link encodeMarker} have made. */
export const decode: DecodeFrame = (bytes) => {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  const read = JSON.parse(text) as { isMarker?: true; body: string } & Omit<StoredResponse, 'body'>;
  if (read.isMarker === true) return { selecting: read.selecting };
  return { ...read, body: Buffer.from(read.body, 'base64') };
};
