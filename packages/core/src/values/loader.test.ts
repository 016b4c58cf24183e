import { afterEach, describe, expect, it, jest } from '@jest/globals';
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

describe('Loader, when a call fails', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const keysUpTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

  /** A database that fails for some keys, and each call of it. */
  function failing(fails: (key: number) => boolean, error: Error = new Error('no such key')) {
    const calls: number[] = [];
    const loader = new Loader<number>((keys) => {
      calls.push(keys.length);
      if (keys.some(fails)) throw error;
      return new Map(keys.map((key) => [key, `made ${key}`]));
    });
    const ask = async (count: number) => {
      const ends = await Promise.allSettled(keysUpTo(count).map((key) => loader.load(key)));
      return ends.map((end) => (end.status === 'fulfilled' ? end.value : end.reason));
    };
    return { ask, calls, error };
  }

  it('finds the key that it fails for, by halves, and loads the others', async () => {
    const { ask, calls, error } = failing((key) => key === 5);
    const made = await ask(11);
    expect(made).toEqual(keysUpTo(11).map((key) => (key === 5 ? error : `made ${key}`)));
    expect(calls).toEqual([11, 6, 5, 3, 3, 2, 1]);
  });

  it('loads the one of sixteen that it does not fail for', async () => {
    const { ask, error } = failing((key) => key !== 15);
    expect(await ask(16)).toEqual([...keysUpTo(15).map(() => error), 'made 15']);
  });

  it('finds what comes off among much that does not', async () => {
    const { ask, calls } = failing((key) => key % 2 === 0 || key < 60);
    const made = await ask(100);
    expect(made.filter((value) => typeof value === 'string')).toHaveLength(20);
    expect(calls.length).toBeLessThan(120);
  });

  it('does not ask a database that is down for each of them', async () => {
    const { ask, calls, error } = failing(() => true);
    expect(await ask(1_000)).toEqual(keysUpTo(1_000).map(() => error));
    expect(calls).toHaveLength(32);
  });

  it.each([
    ['it was given up', new DOMException('gone', 'AbortError')],
    ['it came too late', new DOMException('late', 'TimeoutError')],
    ['nobody was there', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })],
    ['nobody was there, as its cause says', new TypeError('fetch failed', { cause: { code: 'UND_ERR_SOCKET' } })],
    ['PostgreSQL has ended it', Object.assign(new Error('canceling statement'), { code: '57014' })],
  ])('does not ask again where %s', async (_why, error) => {
    const { ask, calls } = failing(() => true, error as Error);
    expect(await ask(10)).toEqual(keysUpTo(10).map(() => error));
    expect(calls).toEqual([10]);
  });

  it('asks again after what is an error of a key by its code', async () => {
    const { ask, calls } = failing((key) => key === 1, Object.assign(new Error('invalid'), { code: '22P02' }));
    await ask(2);
    expect(calls).toEqual([2, 1, 1]);
  });

  it('tells the error that has ended a transaction of PostgreSQL, and not that it has ended', async () => {
    const error = Object.assign(new Error('invalid'), { code: '22P02' });
    const errors = [error, Object.assign(new Error('current transaction is aborted'), { code: '25P02' })];
    let calls = 0;
    const loader = new Loader<number>(() => Promise.reject(errors[calls++]));
    const ends = await Promise.allSettled(keysUpTo(4).map((key) => loader.load(key)));
    expect(ends).toEqual(keysUpTo(4).map(() => ({ status: 'rejected', reason: error })));
    expect(calls).toBe(2);
  });

  it('takes whatever is thrown', async () => {
    const unread = new Proxy(new Error(), {
      get() {
        throw new Error('not to be read');
      },
    });
    for (const thrown of [unread, undefined, 'text']) {
      const loader = new Loader<number>(() => Promise.reject(thrown));
      const ends = await Promise.allSettled([loader.load(1), loader.load(2)]);
      expect(ends.map((end) => end.status === 'rejected' && Object.is(end.reason, thrown))).toEqual([true, true]);
    }
  });

  it('does not ask again after what it cannot read', async () => {
    let calls = 0;
    const loader = new Loader<number>(() => {
      calls++;
      return ['a list'];
    });
    await Promise.allSettled([loader.load(1), loader.load(2)]);
    expect(calls).toBe(1);
  });

  it('asks no more when those who wait have waited for five seconds', async () => {
    let now = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
    const { ask, calls } = failing(() => {
      now += 3_000;
      return true;
    });
    await ask(8);
    expect(calls).toEqual([8, 4]);
  });

  it('takes two who ask for one key, as a number and as its text, for one', async () => {
    const calls: (readonly (string | number)[])[] = [];
    const loader = new Loader<string | number>((keys) => {
      calls.push(keys);
      if (keys.includes(1)) throw new Error('no 1');
      return new Map(keys.map((key) => [key, 'made']));
    });
    const ends = await Promise.allSettled([7, 1, '7'].map((key) => loader.load(key)));
    expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(calls).toEqual([[7, 1], [7], [1]]);
  });
});
