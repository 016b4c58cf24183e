import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { hasZstd } from '../config/compression.js';
import { BodyCoder } from './coded-bodies.js';
import { page } from './frame.test.support.js';

describe('BodyCoder', () => {
  it('makes each coding that is asked for and that this Node has, in that order, in memory of its own', async () => {
    const coded = await new BodyCoder().code({ ...page, codings: ['gzip', 'zstd', 'br'] });
    expect(coded.map(({ coding }) => coding)).toEqual(['gzip', ...(hasZstd ? ['zstd'] : []), 'br']);
    for (const { body } of coded) expect(body.buffer.byteLength).toBe(body.length);
    expect(gunzipSync(coded[0]?.body ?? '')).toEqual(page.body);
    expect(brotliDecompressSync(coded.at(-1)?.body ?? '')).toEqual(page.body);
    expect(coded[0]?.etag).toBe('"x-gzip"');
  });

  it('makes none of what does not become smaller, and none that is not asked for', async () => {
    const noise = Buffer.from(Array.from({ length: 2_000 }, (_, i) => (i * i * 2_654_435_761) >>> 13));
    expect(await new BodyCoder().code({ ...page, body: noise, codings: ['br'] })).toEqual([]);
    expect(await new BodyCoder().code(page)).toEqual([]);
    expect((await new BodyCoder().code({ ...page, etag: undefined, codings: ['br'] }))[0]?.etag).toBeUndefined();
  });

  it('has a bounded number under way; what comes beyond is sent as it is', async () => {
    const coder = new BodyCoder();
    const all = await Promise.all(Array.from({ length: 70 }, () => coder.code({ ...page, codings: ['gzip'] })));
    expect(all.filter((coded) => coded.length === 1)).toHaveLength(64);
    expect(await coder.code({ ...page, codings: ['gzip'] })).toHaveLength(1);
  });
});
