import { crc32 } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { StoredResponse } from '../ports/stored-response.js';
import { empty } from '../ports/stored-response.test.support.js';
import { frameCodec } from './frame.js';

const codec = frameCodec();

const sample: StoredResponse = {
  key: 'GET https://example.org/cities?q=%C3%A9\naccept-language=fr',
  status: 200,
  headers: [
    'Content-Type',
    'text/html; charset=utf-8',
    'Link',
    '</a>; rel=next',
    'Link',
    '</b>; rel=prev',
    'X-Name',
    'é',
  ],
  removes: ['x-powered-by', 'pragma'],
  body: Buffer.from('Zürich\0\xff', 'latin1'),
  selecting: ['accept-encoding', 'accept-language'],
  tags: [
    { tag: 'city#42', stamp: 'R4nd0mNonceR4nd0mNonc' },
    { tag: 'ns:é', stamp: '' },
  ],
  storedAt: 1_790_000_000_123,
  lifetimeMs: 300_000,
  etag: 'W/"2a-abc"',
  lastModified: 1_780_000_000_000,
  route: '/cities/:id',
  producerMs: 12.5,
  placeholders: [{ name: 'nonce', at: 3 }],
};
const coded: StoredResponse = { ...sample, codings: ['br', 'gzip'] };

const kept: StoredResponse = {
  ...empty,
  stale: { whileRevalidateMs: 60_000, ifErrorMs: Number.POSITIVE_INFINITY, revalidatableMs: 0 },
};

/** The header of a sound frame, replaced field by field and sealed again: what a writer to the store could forge. */
function forge(stored: StoredResponse, change: Record<string, unknown>): Buffer {
  const frame = Buffer.from(codec.encode(stored));
  const bodyAt = 14 + frame.readUInt32LE(6);
  const header = { ...(JSON.parse(frame.toString('utf8', 14, bodyAt)) as object), ...change };
  return seal(frame.subarray(0, 14), Buffer.from(JSON.stringify(header)), frame.subarray(bodyAt, -4));
}

function seal(head: Uint8Array, header: Uint8Array, body: Uint8Array): Buffer {
  const frame = Buffer.concat([head, header, body, Buffer.alloc(4)]);
  frame.writeUInt32LE(header.length, 6);
  frame.writeUInt32LE(body.length, 10);
  frame.writeUInt32LE(crc32(frame.subarray(0, -4)), frame.length - 4);
  return frame;
}

describe('a frame', () => {
  it.each([
    ['everything', sample],
    ['nothing optional, for ever', empty],
    ['something to be of use when stale', kept],
    ['codings that it is kept in', coded],
    ['what its producer has read', { ...sample, inputs: ['req.user', 'header cookie'] }],
  ])('brings back a stored response with %s', (_, stored) => {
    expect(codec.decode(codec.encode(stored), stored.key)).toEqual(stored);
  });

  it('brings back a selecting marker', () => {
    const marker = { selecting: ['accept', 'cookie'] };
    expect(codec.decode(codec.encodeMarker('k', marker), 'k')).toEqual(marker);
  });

  it('is written as format 2 for as long as format 2 is read', () => {
    // A change of these bytes needs a new version number, or a running deployment reads its neighbours' frames wrongly.
    const frame =
      'VkNGGgIApwEAAAgAAAB7ImsiOiJHRVQgaHR0cHM6Ly9leGFtcGxlLm9yZy9jaXRpZXM/cT0lQzMlQTlcbmFjY2VwdC1sYW5ndWFnZT1m' +
      'ciIsInMiOjIwMCwiaCI6WyJDb250ZW50LVR5cGUiLCJ0ZXh0L2h0bWw7IGNoYXJzZXQ9dXRmLTgiLCJMaW5rIiwiPC9hPjsgcmVsPW5l' +
      'eHQiLCJMaW5rIiwiPC9iPjsgcmVsPXByZXYiLCJYLU5hbWUiLCLDqSJdLCJ4IjpbIngtcG93ZXJlZC1ieSIsInByYWdtYSJdLCJ0Ijpb' +
      'WyJjaXR5IzQyIiwiUjRuZDBtTm9uY2VSNG5kMG1Ob25jIl0sWyJuczrDqSIsIiJdXSwiYSI6MTc5MDAwMDAwMDEyMywibCI6MzAwMDAw' +
      'LCJ2IjpbImFjY2VwdC1lbmNvZGluZyIsImFjY2VwdC1sYW5ndWFnZSJdLCJlIjoiVy9cIjJhLWFiY1wiIiwibSI6MTc4MDAwMDAwMDAw' +
      'MCwiciI6Ii9jaXRpZXMvOmlkIiwicCI6MTIuNSwibyI6W1sibm9uY2UiLDNdXX1a/HJpY2gA/3nMmEo=';
    expect(Buffer.from(codec.encode(sample)).toString('base64')).toBe(frame);
    expect(codec.decode(Buffer.from(frame, 'base64'), sample.key)).toEqual(sample);
    const marker = 'VkNGGgIBGAAAAAAAAAB7ImsiOiJrIiwidiI6WyJhY2NlcHQiXX0gyDOd';
    expect(Buffer.from(codec.encodeMarker('k', { selecting: ['accept'] })).toString('base64')).toBe(marker);
  });

  it('has a body that keeps no larger memory alive', () => {
    const decoded = codec.decode(codec.encode(sample), sample.key) as StoredResponse;
    expect(decoded.body.buffer.byteLength).toBe(sample.body.length);
  });

  it('does not change when the bytes it was read from do', () => {
    const bytes = codec.encode(sample);
    const decoded = codec.decode(bytes, sample.key) as StoredResponse;
    bytes.fill(0);
    expect(decoded.body).toEqual(sample.body);
  });

  it('is read from a view into a larger buffer', () => {
    const bytes = codec.encode(sample);
    const larger = new Uint8Array(bytes.length + 20);
    larger.set(bytes, 7);
    expect(codec.decode(larger.subarray(7, 7 + bytes.length), sample.key)).toEqual(sample);
  });
});

describe('what is not a whole, intact frame of the key', () => {
  const bytes = codec.encode(sample);

  it.each([
    ['of another key', codec.encode({ ...sample, key: 'GET https://example.org/' })],
    ['marker of another key', codec.encodeMarker('other', { selecting: [] })],
    ['empty', new Uint8Array(0)],
    ['foreign', Buffer.from('{"value":"x","expires":1}')],
    ['not bytes', 'VCF' as unknown as Uint8Array],
    ['absent', undefined as unknown as Uint8Array],
    ['followed by more', Buffer.concat([bytes, Buffer.from([0])])],
    ['of the next version', sealedWith(4, 3)],
    ['of the last version', sealedWith(4, 1)],
    ['with an unknown flag', sealedWith(5, 16)],
    ['with an unknown coding', sealedWith(5, 12)],
    ['called signed and too short for it', sealedWith(5, 2)],
    ['called compressed without a length', sealedWith(5, 4)],
    ['a compressed marker', sealedMarker(5)],
    ['without its magic', sealedWith(0, 0)],
    ['a response called a marker', sealedWith(5, 1)],
    ['with a header that is not JSON', seal(bytes.subarray(0, 14), Buffer.from('{'), new Uint8Array(0))],
    ['with a header that is null', seal(bytes.subarray(0, 14), Buffer.from('null'), new Uint8Array(0))],
    ['with a header that is a list', seal(bytes.subarray(0, 14), Buffer.from('[]'), new Uint8Array(0))],
  ])('is undefined: %s', (_, candidate) => {
    expect(codec.decode(candidate, sample.key)).toBeUndefined();
  });

  function sealedMarker(flags: number): Buffer {
    const head = Buffer.from(codec.encodeMarker('k', { selecting: [] })).subarray(0, 14);
    head[5] = flags;
    return seal(head, Buffer.from(JSON.stringify({ k: sample.key, v: [], n: 0 })), new Uint8Array(0));
  }

  function sealedWith(offset: number, value: number): Buffer {
    const bodyAt = 14 + Buffer.from(bytes).readUInt32LE(6);
    const head = Buffer.from(bytes.subarray(0, 14));
    head[offset] = value;
    return seal(head, bytes.subarray(14, bodyAt), bytes.subarray(bodyAt, -4));
  }

  it('is undefined for lengths beyond the frame', () => {
    for (const offset of [6, 10]) {
      for (const length of [0, 1, bytes.length, 0x7fffffff, 0xffffffff]) {
        const changed = Buffer.from(bytes);
        changed.writeUInt32LE(length, offset);
        changed.writeUInt32LE(crc32(changed.subarray(0, -4)), changed.length - 4);
        expect(codec.decode(changed, sample.key)).toBeUndefined();
      }
    }
  });

  it('never throws and is never another response, whatever was changed, cut off or put in', () => {
    const damage = fc.oneof(
      fc.record({ at: fc.nat(), bit: fc.nat(7) }).map(({ at, bit }) => (frame: Buffer) => {
        const i = at % frame.length;
        frame[i] = (frame[i] as number) ^ (1 << bit);
        return frame;
      }),
      fc.nat().map((at) => (frame: Buffer) => frame.subarray(0, at % frame.length)),
      fc.nat().map((at) => (frame: Buffer) => frame.subarray(at % frame.length)),
      fc.tuple(fc.nat(), fc.uint8Array({ maxLength: 40 })).map(([at, put]) => (frame: Buffer) => {
        const i = at % frame.length;
        return Buffer.concat([frame.subarray(0, i), put, frame.subarray(i)]);
      }),
      fc.tuple(fc.nat(), fc.uint8Array({ maxLength: 40 })).map(([at, over]) => (frame: Buffer) => {
        frame.set(over.subarray(0, frame.length), Math.min(at % frame.length, Math.max(0, frame.length - over.length)));
        return frame;
      }),
    );
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (damages) => {
        let frame = Buffer.from(bytes);
        for (const hurt of damages) frame = frame.length > 0 ? Buffer.from(hurt(frame)) : frame;
        const decoded = codec.decode(frame, sample.key);
        if (decoded !== undefined) expect(decoded).toEqual(sample);
      }),
      { numRuns: 10_000 },
    );
  });
});

describe('a forged header', () => {
  it.each<[string, unknown]>([
    ['s', 199],
    ['s', 600],
    ['s', 200.5],
    ['s', '200'],
    ['h', ['A']],
    ['h', ['A', 1]],
    ['h', ['A', 'b\r\nSet-Cookie: c=d']],
    ['h', ['A', 'b\nc']],
    ['h', ['A', 'b\rc']],
    ['h', ['A', 'b\0c']],
    ['h', ['A', '\u2028']],
    ['h', ['A\r\nB', 'c']],
    ['h', ['A:', 'c']],
    ['h', ['', 'c']],
    ['h', [['A', 'c']]],
    ['h', { 0: 'A', 1: 'b', length: 2 }],
    ['h', ['Transfer-Encoding', 'chunked']],
    ['h', ['Content-Length', '7']],
    ['h', ['content-length', '8']],
    ['h', ['Connection', 'close']],
    ['x', null],
    ['x', ['X-Powered-By']],
    ['x', ['a b']],
    ['t', [['a']]],
    ['t', [['', 'b']]],
    ['t', [['a', null]]],
    ['t', [{ tag: 'a', stamp: 'b' }]],
    ['t', null],
    ['a', -1],
    ['a', 9e15],
    ['a', null],
    ['l', null],
    ['l', -1],
    ['l', 'Infinity'],
    ['u', null],
    ['u', [1, 2]],
    ['u', [1, 2, -3]],
    ['u', [1, 2, 'Infinity']],
    ['u', { 0: 1, 1: 2, 2: 3, length: 3 }],
    ['v', 'accept'],
    ['v', ['Accept']],
    ['v', ['b', 'a']],
    ['v', ['a', 'a']],
    ['v', ['']],
    ['e', 1],
    ['e', '"\r\n"'],
    ['m', '2026-01-01'],
    ['m', 9e15],
    ['r', 7],
    ['p', -1],
    ['p', null],
    ['o', [['nonce', -1]]],
    ['o', [['nonce', 9]]],
    ['o', [['nonce', 1.5]]],
    [
      'o',
      [
        ['nonce', 3],
        ['nonce', 2],
      ],
    ],
    ['o', {}],
    ['c', 'br'],
    ['c', ['deflate']],
    ['c', ['br', 'br']],
    ['c', [null]],
    ['c', null],
    ['i', 'req.user'],
    ['i', ['req.user', 1]],
    ['i', null],
    ['k', 'another'],
  ])('is undefined with %s = %j', (field, value) => {
    expect(codec.decode(forge(sample, { [field]: value }), sample.key)).toBeUndefined();
  });

  it('is undefined with a lifetime for ever that was not written as such', () => {
    const frame = forge(sample, { l: 'HERE' }).toString('latin1');
    const changed = Buffer.from(frame.replace('"HERE"', ' 1e999'), 'latin1');
    changed.writeUInt32LE(crc32(changed.subarray(0, -4)), changed.length - 4);
    expect(codec.decode(changed, sample.key)).toBeUndefined();
  });

  it.each([['Accept'], ['a b'], [7]])('is undefined as a marker with %j', (name) => {
    const head = Buffer.from(codec.encodeMarker('k', { selecting: [] })).subarray(0, 14);
    const header = Buffer.from(JSON.stringify({ k: 'k', v: [name] }));
    expect(codec.decode(seal(head, header, new Uint8Array(0)), 'k')).toBeUndefined();
  });

  it('never yields two responses, and nothing that cannot be written (any field, any JSON)', () => {
    const field = fc.constantFrom('s', 'h', 'x', 't', 'a', 'l', 'v', 'e', 'm', 'r', 'p', 'o', 'c');
    const value = fc.oneof(fc.jsonValue(), fc.array(fc.oneof(fc.string(), fc.constantFrom('A', 'b', 'c\r\n', '\0'))));
    fc.assert(
      fc.property(field, value, (name, content) => {
        const decoded = codec.decode(forge(sample, { [name]: content }), sample.key);
        if (decoded === undefined || !('status' in decoded)) return;
        expect(decoded.headers.length % 2).toBe(0);
        expect(decoded.headers.join('')).not.toMatch(/[\r\n\0]/);
        expect(decoded.status >= 200 && decoded.status <= 599).toBe(true);
        expect(decoded.lifetimeMs >= 0).toBe(true);
        expect(decoded.placeholders.every(({ at }) => at >= 0 && at <= decoded.body.length)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });
});
