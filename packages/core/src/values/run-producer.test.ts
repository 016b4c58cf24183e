import { describe, expect, it } from '@jest/globals';
import { currentView, ViewContext } from '../engine/view-context.js';
import { runProducer } from './run-producer.js';

/** What is told of a run, in its order. */
function told(produce: () => unknown, made: (value: unknown) => void = () => {}) {
  const words: unknown[] = [];
  const context = new ViewContext();
  runProducer(
    context,
    produce,
    (value) => {
      words.push(['made', value]);
      made(value);
    },
    (error) => words.push(['failed', error]),
  );
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
