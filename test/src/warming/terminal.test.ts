import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { calls, type WarmResult } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import { closeAfterEach, makeCache } from '../support/site.js';

closeAfterEach();

let written: string[] = [];
const { CI, TERM } = process.env;
const isTTY = Object.getOwnPropertyDescriptor(process.stderr, 'isTTY');
beforeEach(() => {
  written = [];
  delete process.env['CI'];
  process.env['TERM'] = 'xterm';
  Object.defineProperty(process.stderr, 'isTTY', { value: true, configurable: true });
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
});
afterEach(() => {
  jest.restoreAllMocks();
  if (isTTY === undefined) delete (process.stderr as { isTTY?: boolean }).isTTY;
  else Object.defineProperty(process.stderr, 'isTTY', isTTY);
  Object.assign(process.env, CI === undefined ? {} : { CI });
  if (TERM === undefined) delete process.env['TERM'];
  else process.env['TERM'] = TERM;
});

function start() {
  const clock = new FakeClock();
  const cache = makeCache({ clock });
  const squareOf = cache.memoize(async (n: number) => n * n, { name: 'squareOf', ttl: '1h', tags: ['squares'] });
  return { clock, cache, squareOf };
}

describe('a warming that somebody looks on at', () => {
  it('draws a bar, and leaves its line when it is ended before its time', async () => {
    const { cache, squareOf } = start();
    const stop = new AbortController();
    const stopAtTheSecond = cache.memoize(
      async (n: number) => {
        if (n === 2) stop.abort();
        return n;
      },
      { name: 'stopping', ttl: '1h' },
    );
    await cache.warm(calls(squareOf, [[1]]));
    expect(written.join('')).toMatch(/^\rwarming calls █+ 1\/1 1 stored, 0 hits\S*\n$/);
    written = [];
    const list = [[1], [2], [3]] as [number][];
    const result = await cache.warm(calls(stopAtTheSecond, list), { concurrency: 1, signal: stop.signal });
    expect(result).toMatchObject({ ended: 'aborted', done: 1 });
    expect(written.at(-1)).toBe('\n');
  });

  it('says that nothing was asked for, where one that waits will ask for it', async () => {
    const { cache, squareOf } = start();
    const results = await Promise.all([1, 2, 3].map(() => cache.warm(calls(squareOf, [[1]]))));
    expect(results.map(({ ended }: WarmResult) => ended)).toEqual(['done', 'done', 'elsewhere']);
    expect(written.join('')).toContain(
      'warming calls: nothing was asked for: it is warmed elsewhere, or has just been\n',
    );
  });

  it('draws nothing after each invalidation', async () => {
    const { clock, cache, squareOf } = start();
    cache.warmAfter('squares', calls(squareOf, [[7]]));
    const stored = new Promise<void>((resolve) => {
      cache.on(({ type }) => {
        if (type === 'stored') resolve();
      });
    });
    await cache.invalidate({ tags: 'squares' });
    clock.advance('1s');
    await stored;
    // It is counted when its call has returned.
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(written).toEqual([]);
  });
});
