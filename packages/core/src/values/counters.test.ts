import { describe, expect, it } from '@jest/globals';
import { type Beginning, Counters } from './counters.js';
import { openValues, PLAIN } from './parts.test.support.js';
import { ROOT, ValueKey } from './value-key.js';

const key = new ValueKey(ROOT, 'n', undefined);
const beginning = (initial: number, lifetimeMs = 60_000): Beginning => ({
  initial,
  policy: { ...PLAIN, lifetimeMs },
  text: `${initial} ${lifetimeMs}`,
});

function open() {
  const opened = openValues();
  const counters = new Counters(opened.values);
  let writes = 0;
  const { write } = opened.values;
  opened.values.write = (...given) => {
    writes++;
    return write.apply(opened.values, given);
  };
  const count = (by: number, begin = beginning(0)) => counters.add(key, { call: 'increment', key: 'n', by }, begin);
  return { ...opened, counters, count, writes: () => writes };
}

describe('counters', () => {
  it('write once for all that wait for a turn, and tell each its own sum', async () => {
    const { count, writes } = open();
    expect(await Promise.all([1, 2, 3, 4].map((by) => count(by)))).toEqual([1, 3, 6, 10]);
    // The first has begun before anybody else came.
    expect(writes()).toBe(2);
  });

  it('are counted in the order of the calls, each begun in its own way', async () => {
    const { count } = open();
    const [none, ten] = [beginning(0, 0), beginning(10)];
    expect(await Promise.all([count(1, none), count(1, none), count(1, ten), count(1, none), count(1, ten)])).toEqual([
      1, 1, 11, 12, 13,
    ]);
  });

  it('leave out what cannot be added, and count the rest', async () => {
    const { count } = open();
    await count(2 ** 53 - 2);
    const told = await Promise.all([1, 1, 1, -5].map((by) => count(by).catch((error: Error) => error.name)));
    expect(told).toEqual([2 ** 53 - 1, 2 ** 53, 'ConfigError', 2 ** 53 - 5]);
  });

  it('give up where others write each time, and where the store takes nothing', async () => {
    const { values, count } = open();
    const answers = (written: 'refused' | 'unavailable') => {
      values.write = async () => [written];
      return count(1).catch((error: { reason: string; call: string; key: string }) => ({ ...error }));
    };
    expect(await answers('refused')).toMatchObject({ call: 'increment', key: 'n', reason: 'contention' });
    expect(await answers('unavailable')).toMatchObject({ reason: 'store' });
  });

  it('take turns: what looks before it writes sees what those before it have written, also where they failed', async () => {
    const { counters } = open();
    const order: string[] = [];
    const work = (name: string, fails = false) =>
      counters.inTurn(key, async () => {
        order.push(`${name} begins`);
        await null;
        order.push(`${name} ends`);
        if (fails) throw new Error(name);
      });
    const all = [work('a', true), work('b'), work('c')];
    expect((await Promise.allSettled(all)).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('a value that is written is no fresher than what it is made of, which was read before', async () => {
    const { values } = openValues();
    const { tags } = values.parts;
    const nested = ['part', 'other'].map((tag) => ({ tag, token: tags.clock, stamp: '' }));
    const write = () => values.write([{ key, value: 1, nested }], PLAIN);
    expect(await write()).toEqual(['stored']);
    tags.invalidate(['other'], 'soft');
    expect((await values.read(key)).found).toBeUndefined();
    expect(await write()).toEqual(['refused']);
  });
});
