import { describe, expect, it } from '@jest/globals';
import { Loader } from './loader.js';
import { NOTHING_MADE } from './producer.js';

describe('Loader', () => {
  it('makes one call of those who ask in one turn, and another of those who come later', async () => {
    const calls: (readonly string[])[] = [];
    const loader = new Loader<string>((keys) => {
      calls.push(keys);
      return new Map(keys.map((key) => [key, `made ${key}`]));
    });
    expect(await Promise.all(['a', 'b'].map((key) => loader.load(key)))).toEqual(['made a', 'made b']);
    expect(await loader.load('c')).toBe('made c');
    expect(calls).toEqual([['a', 'b'], ['c']]);
  });

  it('asks once for what two have asked for, as a number or as its text', async () => {
    const calls: (readonly (string | number)[])[] = [];
    const loader = new Loader<string | number>(
      (keys) => {
        calls.push(keys);
        return keys.map((id) => ({ id }));
      },
      { by: 'id' as never },
    );
    const rows = await Promise.all([3, '2', 2, '3', 1].map((key) => loader.load(key)));
    expect(calls).toEqual([[3, '2', 1]]);
    expect(rows).toEqual([{ id: 3 }, { id: '2' }, { id: '2' }, { id: 3 }, { id: 1 }]);
  });

  it.each([
    ['a Map', () => new Map([['b', undefined]]), [NOTHING_MADE, undefined]],
    ['an object', () => ({ b: 0 }), [NOTHING_MADE, 0]],
  ])('tells what there is not from what is undefined, in %s', async (_what, load, expected) => {
    const loader = new Loader<string>(load);
    expect(await Promise.all([loader.load('a'), loader.load('b')])).toEqual(expected);
  });

  it('loads no more at once than it may', async () => {
    const calls: number[] = [];
    const load = (keys: readonly number[]) => {
      calls.push(keys.length);
      return new Map(keys.map((key) => [key, -key]));
    };
    const loader = new Loader<number>(load, { most: 3 });
    expect(await Promise.all([1, 2, 3, 4, 5, 6, 7].map((key) => loader.load(key)))).toEqual([
      -1, -2, -3, -4, -5, -6, -7,
    ]);
    expect(calls).toEqual([3, 3, 1]);
  });

  it('takes nothing that a key inherits', async () => {
    const loader = new Loader<string>(() => ({}));
    expect(await Promise.all([loader.load('constructor'), loader.load('__proto__')])).toEqual([
      NOTHING_MADE,
      NOTHING_MADE,
    ]);
  });
});
