import { describe, expect, it } from '@jest/globals';
import type { WarmProblem, WarmResult } from './warm-types.js';
import { problemOf } from './warm-words.js';

const result = (problems: readonly WarmProblem[], refused = problems.length): WarmResult => ({
  ...{ total: 9, done: 9, hits: 0, stored: 9 - refused, refused, failed: 0, skipped: 0 },
  ...{ ended: 'done', isCut: false, problems },
});
const refusal = (what: string, reason: WarmProblem['reason'], detail?: string): WarmProblem => ({
  ...{ what, outcome: 'refused', reason, detail },
});

describe('what a warming says of what is no hit', () => {
  it('is nothing where all is', () => {
    expect(problemOf(result([], 0))).toBeUndefined();
    expect(problemOf(result([{ what: '//', outcome: 'skipped', reason: 'malformed' }], 0))).toBeUndefined();
  });

  it('is what was skipped, where that is all', () => {
    const what = 'https://example.com/';
    const none = { ...result([{ what, outcome: 'skipped', reason: 'other-origin' }], 0), total: 0, skipped: 7 };
    expect(problemOf(none)).toBe(
      'nothing was asked for, 7 were skipped: https://example.com/ (other-origin: its scheme or host is not that of origin), …',
    );
  });

  it('has no value of a query in it, and no login', () => {
    const problems = [refusal('/reset?token=SECRET&SECRET', 'no-view')];
    expect(problemOf(result(problems))).toContain('/reset?token=…&… (no-view');
    const skipped: WarmProblem = { what: 'http://me:SECRET@x/?a=SECRET', outcome: 'skipped', reason: 'malformed' };
    expect(problemOf({ ...result([skipped], 0), total: 0, skipped: 1 })).toContain('http://…@x/?a=… (malformed)');
  });

  it('is each reason once, with what to do where that is known', () => {
    const problems = [
      refusal('/a', 'other-key', 'set trust proxy'),
      refusal('/b', 'no-view', 'nothing looks it up'),
      refusal('/c', 'other-key', 'set trust proxy'),
      refusal('/d', 'set-cookie'),
    ];
    expect(problemOf(result(problems))).toBe(
      '4 of 9 are no hit now: /a, /c (other-key: set trust proxy), /b (no-view: nothing looks it up), …',
    );
  });
});
