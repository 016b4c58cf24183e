import type { Chapter } from './chapter.js';
import { encodeMarker } from './frames.js';
import { begin, bodyOf, fill, validityOf } from './steps.js';

/** What is stored is found, by its key alone and as it was. */
export function responses({ it, expect }: Chapter): void {
  it('that was never stored is not found, and a token is taken all the same', async (_fixture, store) => {
    const read = await begin(store, 'k');
    expect([read.token === undefined, read.found]).toEqual([false, undefined]);
  });

  it('is found as it was stored, byte by byte, by every process', async (fixture, store) => {
    const body = Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7 + (i >> 8)) % 256));
    expect((await fill(store, 'k', ['a'], { body })).kind).toEqual('stored');
    for (const process of [store, await fixture.join()]) {
      const { found } = await begin(process, 'k');
      expect([validityOf(found), bodyOf(found)?.equals(body)]).toEqual(['valid', true]);
      if (process !== store) await process.close();
    }
  });

  it('under any key is found under that key alone', async (_fixture, store) => {
    const keys = [
      '',
      ' ',
      'k',
      'k ',
      'K',
      'k\r\nflush_all',
      'k\0',
      'ключ',
      '🔑',
      '*',
      'k:*',
      '{k}',
      'x'.repeat(10_000),
    ];
    for (const [i, key] of keys.entries()) await fill(store, key, ['a'], { body: Buffer.from(String(i)) });
    const found = [];
    for (const key of keys) found.push(bodyOf((await begin(store, key)).found)?.toString());
    expect(found).toEqual(keys.map((_, i) => String(i)));
  });

  it('that is stored again replaces the first', async (_fixture, store) => {
    await fill(store, 'k', ['a'], { body: Buffer.from('one') });
    await fill(store, 'k', ['a'], { body: Buffer.from('two') });
    expect(bodyOf((await begin(store, 'k')).found)?.toString()).toEqual('two');
  });

  it('without tags, and a marker, are found as well', async (_fixture, store) => {
    await fill(store, 'k', []);
    expect(validityOf((await begin(store, 'k')).found)).toEqual('valid');
    expect(await store.mark('m', encodeMarker(['accept']), 60_000)).toEqual(true);
    expect((await begin(store, 'm')).found).toEqual({ kind: 'selecting', selecting: ['accept'] });
  });
}
