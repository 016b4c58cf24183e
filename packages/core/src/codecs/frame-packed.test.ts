import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { hasZstd } from '../config/compression.js';
import type { FrameDefect, PackedBody } from '../ports/codec.js';
import type { StoredResponse } from '../ports/stored-response.js';
import { type FrameOptions, frameCodec } from './frame.js';
import { page } from './frame.test.support.js';

const gzip = { threshold: 4096, coding: 'gzip' } as const;
const open = (options: FrameOptions = {}) => {
  const defects: FrameDefect[] = [];
  return {
    ...frameCodec({ compression: gzip, ...options, onDefect: (_key, defect) => defects.push(defect) }),
    defects,
  };
};
const codec = open();

async function throughStore(stored: StoredResponse, options: FrameOptions = {}) {
  const { pack, encode, decode, unpack } = open(options);
  const packed = await pack(stored);
  const bytes = encode(stored, packed);
  return { bytes, packed, read: await unpack(decode(bytes, stored.key) as StoredResponse) };
}

describe('a compressed body', () => {
  it.each(['gzip', ...(hasZstd ? ['zstd' as const] : [])] as const)(
    'comes back as it was, smaller on the way: %s',
    async (coding) => {
      const { bytes, packed, read } = await throughStore(page, { compression: { ...gzip, coding } });
      expect(packed?.coding).toBe(coding);
      expect(bytes.length).toBeLessThan(page.body.length / 4);
      expect(read).toEqual(page);
      expect(read?.body.buffer.byteLength).toBe(page.body.length);
    },
  );

  it('comes back too where it is large enough to be unpacked in the background, and signed', async () => {
    const large = { ...page, body: Buffer.from('<p>0123456789</p>'.repeat(20_000)) };
    expect((await throughStore(large, { secrets: ['sixteen characters'] })).read).toEqual(large);
  });

  it('is read by any other process, whatever that one would write', async () => {
    const bytes = codec.encode(page, await codec.pack(page));
    const other = frameCodec();
    expect(await other.unpack(other.decode(bytes, page.key) as StoredResponse)).toEqual(page);
  });

  it('is read from a frame that format 2 wrote once', async () => {
    const frame =
      'VkNGGgIE6AAAAF4AAAB7ImsiOiJHRVQgaHR0cDovL2gvcGFnZSIsInMiOjIwMCwiaCI6WyJDb250ZW50LVR5cGUiLCJ0ZXh0L2h0bWw7' +
      'IGNoYXJzZXQ9dXRmLTgiLCJEYXRlIiwiRnJpLCAwMSBBdWcgMjAyNiAwMDowMDowMCBHTVQiXSwidCI6W1siYSIsInMiXV0sImEiOjE3' +
      'OTAwMDAwMDAxMjMsImwiOjMwMDAwMCwidiI6W10sImUiOiJcInhcIiIsInIiOiIvcGFnZSIsInAiOjEsIm8iOltbIm5vbmNlIiw0MDAw' +
      'XV0sIm4iOjUxMDB9H4sIAAAAAAAAA7PJybSLOrynKDM5w0Y/J9OOy2ZUYDQ8RpPDaG4YLQxGy8LRumG0ahxtGYw2jEbbhaPN4tFuwmgv' +
      'abSTONpHHh0iGB0hGR0hGYojJACl9eZH7BMAAOwFR+o=';
    expect(await codec.unpack(codec.decode(Buffer.from(frame, 'base64'), page.key) as StoredResponse)).toEqual(page);
  });

  it.each<[string, StoredResponse]>([
    ['small', { ...page, body: page.body.subarray(0, 4095) }],
    ['an image', { ...page, headers: ['Content-Type', 'image/png'] }],
    ['of no type', { ...page, headers: [] }],
    ['longer than is unpacked', { ...page, body: Buffer.alloc(64 * 1024 * 1024 + 1) }],
    ['encoded by its handler', { ...page, headers: [...page.headers, 'content-encoding', 'br'] }],
  ])('is none, and nobody waits, for what is %s', (_, stored) => {
    expect(codec.pack(stored)).toBeUndefined();
  });

  it('is none where it would not be smaller', async () => {
    const noise = Buffer.from(Array.from({ length: 8192 }, (_, i) => (i * 2_654_435_761) >>> 24));
    const random = { ...page, body: Buffer.concat([gzipSync(noise, { level: 9 }), gzipSync(noise)]), placeholders: [] };
    expect(await open({ compression: { ...gzip, threshold: 10 } }).pack(random)).toBeUndefined();
  });

  it('is none without compression, and with no threshold a small one', async () => {
    expect(frameCodec().pack(page)).toBeUndefined();
    const small = { ...page, body: Buffer.from('a'.repeat(300)), placeholders: [] };
    expect((await throughStore(small, { compression: { ...gzip, threshold: 0 } })).packed?.bytes.length).toBeLessThan(
      60,
    );
  });
});

describe('a body that is not what its frame says', () => {
  /** What a forger writes: any bytes, any length. */
  const forged = (bytes: Uint8Array, length: number, coding: PackedBody['coding'] = 'gzip') =>
    codec.encode({ ...page, body: { length } as Buffer, placeholders: [] }, { coding, bytes });
  const MB = 1024 * 1024;

  it.each<[string, Uint8Array]>([
    ['longer than it says', forged(gzipSync(page.body), page.body.length - 1)],
    ['much longer, a bomb', forged(gzipSync(Buffer.alloc(64 * MB)), 1000)],
    ['a large bomb that is unpacked in the background', forged(gzipSync(Buffer.alloc(64 * MB)), MB)],
    ['shorter than it says', forged(gzipSync(page.body), page.body.length + 1)],
    ['not compressed', forged(page.body, page.body.length)],
    ['cut off', forged(gzipSync(page.body).subarray(0, 20), page.body.length)],
    ['empty', forged(new Uint8Array(0), 5)],
  ])('is a miss, and counted: %s', async (_, bytes) => {
    const { decode, unpack, defects } = open();
    expect(await unpack(decode(bytes, page.key) as StoredResponse)).toBeUndefined();
    expect(defects).toEqual(['coding']);
  });

  it('is not even read when it says more than is ever compressed', () => {
    const { decode, defects } = open();
    expect(decode(forged(new Uint8Array(9), 64 * MB + 1), page.key)).toBeUndefined();
    expect(decode(forged(new Uint8Array(9), 64 * MB), page.key)).toBeDefined();
    expect(defects).toEqual(['damaged']);
  });

  it('is a miss by a coding that this Node does not have', () => {
    const { decode, defects } = open();
    const read = decode(forged(new Uint8Array(9), 5, 'zstd'), page.key);
    expect(read === undefined).toBe(!hasZstd);
    expect(defects).toEqual(hasZstd ? [] : ['coding']);
  });
});
