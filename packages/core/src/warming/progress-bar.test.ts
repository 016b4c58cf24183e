import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../testing/fake-clock.js';
import { hasOnlooker, progressBar } from './progress-bar.js';

const progress = { total: 4, done: 0, hits: 0, stored: 0, refused: 0, failed: 0, skipped: 0 };

describe('the progress bar', () => {
  it('is written over itself, no more often than anybody reads', () => {
    const clock = new FakeClock();
    const written: string[] = [];
    const { show } = progressBar({ columns: 200, write: (text) => written.push(text) }, clock, 'urls');
    show({ ...progress, done: 1, stored: 1 });
    show({ ...progress, done: 2, stored: 2 });
    clock.advance(100);
    show({ ...progress, done: 3, stored: 2, refused: 1 });
    show({ ...progress, done: 4, stored: 2, refused: 1, failed: 1 });
    expect(written).toEqual([
      '\rwarming urls ██████░░░░░░░░░░░░░░░░░░ 1/4 1 stored, 0 hits\x1b[K',
      '\rwarming urls ██████████████████░░░░░░ 3/4 2 stored, 0 hits, 1 refused\x1b[K',
      '\rwarming urls ████████████████████████ 4/4 2 stored, 0 hits, 1 refused, 1 failed\x1b[K\n',
    ]);
  });

  it('keeps to one line', () => {
    const written: string[] = [];
    progressBar({ columns: 20, write: (text) => written.push(text) }, new FakeClock(), 'urls').show(progress);
    expect(written).toEqual(['\rwarming urls ░░░░░░\x1b[K']);
  });

  it('has its whole line where the terminal says no columns, and one hit is one', () => {
    const written: string[] = [];
    const bar = progressBar({ columns: 0, write: (text) => written.push(text) }, new FakeClock(), 'urls');
    bar.show({ ...progress, done: 1, hits: 1 });
    expect(written.join('')).toBe('\rwarming urls ██████░░░░░░░░░░░░░░░░░░ 1/4 0 stored, 1 hit\x1b[K');
  });

  it('leaves its line when it is ended, once', () => {
    const written: string[] = [];
    const bar = progressBar({ write: (text) => written.push(text) }, new FakeClock(), 'urls');
    bar.end();
    expect(written).toEqual([]);
    bar.show({ ...progress, done: 1, stored: 1 });
    bar.end();
    bar.end();
    expect(written.slice(1)).toEqual(['\n']);
  });

  it.each([
    ['a terminal', { isTTY: true }, {}, true],
    ['a pipe', {}, {}, false],
    ['a pipeline of CI', { isTTY: true }, { CI: 'true' }, false],
    ['a terminal that cannot go back', { isTTY: true }, { TERM: 'dumb' }, false],
  ])('is for %s: %#', (_what, terminal, environment, expected) => {
    expect(hasOnlooker({ ...terminal, write: () => true }, environment)).toBe(expected);
  });
});
