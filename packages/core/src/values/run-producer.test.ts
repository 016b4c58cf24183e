import { describe, expect, it } from '@jest/globals';
import { ViewContext } from '../engine/view-context.js';
import { currentView } from '../engine/view-storage.js';
import { runProducer } from './run-producer.js';
import { ToldRun } from './told-run.js';

/** What is told of a run, in its order. */
function told(produce: () => unknown, made: (value: unknown) => void = () => {}, isNow = false) {
  const words: unknown[] = [];
  const context = new ViewContext();
  runProducer(context, { producer: produce, isNow }, new ToldRun(false), {
    made: (value) => {
      words.push(['made', value]);
      made(value);
    },
    failed: (error) => words.push(['failed', error]),
  });
  return { words, context };
}

describe('the run of a producer', () => {
  it('tells at once what is no promise, and what is thrown', () => {
    expect(told(() => 1).words).toEqual([['made', 1]]);
    const error = new Error('down');
    const fail = () => {
      throw error;
    };
    expect(told(fail).words).toEqual([['failed', error]]);
  });

  it('waits for whatever has a then, and tells once', async () => {
    const later = told(async () => 1);
    expect(later.words).toEqual([]);
    const rejected = told(() => Promise.reject('no'));
    // biome-ignore lint/suspicious/noThenProperty: it is what is tried.
    const thenable = told(() => ({ then: (done: (value: number) => void) => done(2) }));
    await new Promise((resolve) => setImmediate(resolve));
    expect([later.words, rejected.words, thenable.words]).toEqual([[['made', 1]], [['failed', 'no']], [['made', 2]]]);
  });

  it('is within its own context, also behind an await', async () => {
    const seen: unknown[] = [];
    const { context, words } = told(async () => {
      seen.push(currentView());
      await null;
      seen.push(currentView());
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([seen.length, ...new Set(seen)]).toEqual([2, context]);
    expect(words).toHaveLength(1);
    expect(currentView()).toBeUndefined();
  });

  it('is put off where it is deep inside others, until the stack is clear, unless it is to be made now', async () => {
    const begun: [depth: number, isNow: boolean][] = [];
    const nest = (depth: number, isNow: boolean): void => {
      const fail = (): void => {
        throw new Error('down');
      };
      // Those that have ended are not inside one another, however they have.
      for (let i = 0; i < 20; i++) told(fail);
      const next = (): unknown => {
        begun.push([depth, isNow]);
        return depth < 20 ? nest(depth + 1, isNow) : undefined;
      };
      told(next, () => {}, isNow);
    };
    nest(1, false);
    expect(begun.at(-1)).toEqual([16, false]);
    nest(1, true);
    expect(begun.at(-1)).toEqual([20, true]);
    await null;
    expect(begun.at(-1)).toEqual([20, false]);
  });

  it('lets nobody wait in vain where what was made cannot be dealt with', async () => {
    const error = new Error('no room');
    const fail = () => {
      throw error;
    };
    expect(told(() => 1, fail).words).toEqual([
      ['made', 1],
      ['failed', error],
    ]);
    const later = told(async () => 1, fail);
    await new Promise((resolve) => setImmediate(resolve));
    expect(later.words).toEqual([
      ['made', 1],
      ['failed', error],
    ]);
  });
});
