import { describe, expect, it, jest } from '@jest/globals';
import type { RemovalListener } from '../ports/local-store.js';
import { FakeClock } from '../testing/fake-clock.js';
import { MemoryStore } from './memory.js';

const FOREVER = Number.POSITIVE_INFINITY;

describe('who is told what left', () => {
  it('is told of the rest, whatever it throws, or promises and rejects', async () => {
    const warning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    const told: string[] = [];
    const onRemove = (key: string): unknown => {
      told.push(key);
      if (key === 'a') throw Object.create(null);
      return Promise.reject(new Error(`never ${key}`));
    };
    const store = new MemoryStore<string>({ clock: new FakeClock(), onRemove: onRemove as RemovalListener<string> });
    for (const key of ['a', 'b', 'c', 'c']) store.set(key, key, 1, FOREVER);
    for (const key of ['a', 'b', 'c']) store.delete(key);
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual(['c', 'a', 'b', 'c']);
    const texts = ['an object', 'Error: never c', 'Error: never b'];
    expect(warning.mock.calls.map(([text]) => text)).toEqual(
      texts.map((text) => `the function that is told what left memory threw ${text}`),
    );
    warning.mockRestore();
  });

  it('has others take their turns, also where it stores again what it is told of', () => {
    const clock = new FakeClock();
    let told = 0;
    const store = new MemoryStore<string>({
      clock,
      maxEntries: 2,
      onRemove: (key, value) => {
        told++;
        store.set(key, value, 1, FOREVER);
      },
    });
    for (const key of ['a', 'b', 'c']) store.set(key, key, 1, FOREVER);
    const atOnce = told;
    clock.advance(1);
    expect([atOnce > 100, told > atOnce, store.size]).toEqual([true, true, 2]);
  });
});
