import { Session } from 'node:inspector';
import { afterAll, describe, expect, it } from '@jest/globals';
import { Asked } from './asked.js';

/*
 * What is done for one request does not grow with what is stored: counted in blocks of code that V8 has run, loops round
 * by round, and never held against the clock.
 */

const session = new Session();
session.connect();
// Before anything of ours has run: V8 counts blocks only in functions that it compiles after this.
post('Profiler.enable');
post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
afterAll(() => {
  post('Profiler.stopPreciseCoverage');
  session.disconnect();
});

function post(method: string, params = {}): unknown {
  let answer: unknown;
  session.post(method, params, (error, result) => {
    if (error !== null) throw error;
    answer = result;
  });
  return answer;
}

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly { readonly count: number }[] }[];
  }[];
}

/** How many blocks of our code were run. */
function blocksRun(work: () => void): number {
  // Taking resets the counts.
  post('Profiler.takePreciseCoverage');
  work();
  const { result } = post('Profiler.takePreciseCoverage') as Coverage;
  const ours = result.filter(({ url }) => url.includes('/packages/core/dist/'));
  return ours
    .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges))
    .reduce((sum, { count }) => sum + count, 0);
}

describe('the work for one miss', () => {
  it.each<[string, (asked: Asked, url: string) => void]>([
    ['that is stored', (asked, url) => asked.get(url, { tags: ['t'] })],
    ['that cannot be stored', (asked, url) => asked.get(url, 'refuse')],
    ['of one variant more', (asked, url) => asked.get(url, { selecting: ['accept'] }, { accept: url })],
    ['that is answered from memory', (asked) => asked.get('/0')],
    [
      'and an invalidation of its tag',
      (asked, url) => {
        asked.get(url, { tags: [url] });
        void asked.cache.invalidate({ tags: url });
      },
    ],
  ])('%s is the same however much is stored', (_what, work) => {
    const counted = [100, 10_000].map((entries) => {
      const asked = new Asked({ maxEntries: entries });
      for (let i = 0; i < entries + 10; i++) asked.get(`/${i}`, { tags: [`tag-${i}`] });
      asked.get('/0');
      // The first of each kind may have to make room in a table.
      for (let i = 0; i < 5; i++) work(asked, `/before/${i}`);
      const blocks = blocksRun(() => {
        for (let i = 0; i < 20; i++) work(asked, `/now/${i}`);
      });
      return blocks / 20;
    });
    const [few = 0, many = 0] = counted;
    expect(few).toBeGreaterThan(5);
    expect(many).toBeLessThan(few * 1.25 + 5);
  });

  it('is counted by a measure that sees what grows', () => {
    const [few = 0, many = 0] = [100, 10_000].map((entries) => {
      const asked = new Asked({ maxEntries: entries });
      for (let i = 0; i < entries; i++) asked.get(`/${i}`);
      return blocksRun(() => asked.clock.advance(70_000));
    });
    expect(many).toBeGreaterThan(20 * few);
  });
});
