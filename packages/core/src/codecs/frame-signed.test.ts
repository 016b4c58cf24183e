import { describe, expect, it } from '@jest/globals';
import type { FrameDefect } from '../ports/codec.js';
import type { StoredResponse } from '../ports/stored-response.js';
import { type FrameOptions, frameCodec } from './frame.js';
import { page } from './frame.test.support.js';

const OLD = 'the secret of last year';
const NEW = 'the secret of this year';

/** A codec, and what it found fault with. */
function open(options: FrameOptions) {
  const defects: FrameDefect[] = [];
  const codec = frameCodec({ context: 'shop v1', ...options, onDefect: (_key, defect) => defects.push(defect) });
  return { ...codec, defects };
}

describe('a signed frame', () => {
  const signed = open({ secrets: [NEW] });

  it('brings back a response and a marker', () => {
    expect(signed.decode(signed.encode(page), page.key)).toEqual(page);
    expect(signed.decode(signed.encodeMarker('k', { selecting: ['accept'] }), 'k')).toEqual({ selecting: ['accept'] });
    expect(signed.defects).toEqual([]);
  });

  it('is written as format 2 for as long as format 2 is read', () => {
    const frame =
      'VkNGGgIDGAAAAAAAAAB7ImsiOiJrIiwidiI6WyJhY2NlcHQiXX3G6dbwFmXR4Cn+Z5ITn631AwIT3zAbXvSaBva7GEuhin7tqqg=';
    expect(Buffer.from(signed.encodeMarker('k', { selecting: ['accept'] })).toString('base64')).toBe(frame);
    expect(signed.decode(Buffer.from(frame, 'base64'), 'k')).toEqual({ selecting: ['accept'] });
  });

  it('is signed by the first secret and accepted by any', () => {
    const rotating = open({ secrets: [NEW, OLD] });
    const before = open({ secrets: [OLD] });
    expect(rotating.decode(before.encode(page), page.key)).toEqual(page);
    expect(signed.decode(rotating.encode(page), page.key)).toEqual(page);
    expect(before.decode(rotating.encode(page), page.key)).toBeUndefined();
  });

  it.each<[string, Uint8Array]>([
    ['not signed', frameCodec().encode(page)],
    ['signed with another secret', open({ secrets: [OLD] }).encode(page)],
    ['signed for another cache', open({ secrets: [NEW], context: 'shop v2' }).encode(page)],
    ['a marker that is not signed', frameCodec().encodeMarker(page.key, { selecting: [] })],
  ])('is a miss, and counted, when it is %s', (_, bytes) => {
    const { decode, defects } = open({ secrets: [NEW] });
    expect(decode(bytes, page.key)).toBeUndefined();
    expect(defects).toEqual(['signature']);
  });

  it('is a miss whichever byte was changed, its checksum mended or not', () => {
    const bytes = Buffer.from(signed.encode({ ...page, body: Buffer.from('Zürich'), placeholders: [] }));
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed[i] = (changed[i] as number) ^ 1;
      expect(signed.decode(changed, page.key)).toBeUndefined();
    }
    const end = bytes.length - 32;
    for (let cut = 1; cut <= 32; cut++)
      expect(signed.decode(bytes.subarray(0, end + 32 - cut), page.key)).toBeUndefined();
  });

  it('is read without a secret too, as what bears the right checksum', () => {
    expect(frameCodec().decode(signed.encode(page), page.key)).toEqual(page);
  });

  it('is of one key', () => {
    const other: StoredResponse = { ...page, key: 'GET http://h/admin' };
    const { encode, decode, defects } = open({ secrets: [NEW] });
    expect(decode(encode(other), page.key)).toBeUndefined();
    expect(defects).toEqual(['damaged']);
  });
});

describe('what is found under a key and is no frame of it', () => {
  it.each<[FrameDefect, Uint8Array]>([
    ['damaged', Buffer.from('{"value":"x"}')],
    ['damaged', new Uint8Array(0)],
    ['format', withVersion(1)],
    ['format', withVersion(3)],
  ])('is called %s', (defect, bytes) => {
    const { decode, defects } = open({});
    expect(decode(bytes, page.key)).toBeUndefined();
    expect(defects).toEqual([defect]);
  });

  function withVersion(version: number): Buffer {
    const frame = Buffer.from(frameCodec().encode(page));
    frame[4] = version;
    return frame;
  }
});
