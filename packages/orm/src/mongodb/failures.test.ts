import { describe, expect, it } from '@jest/globals';
import { isAborted, mayHaveWritten } from './failures.js';

const answered = { errorResponse: {} };
const transient = { errorLabels: ['TransientTransactionError'] };

describe('a command that has failed', () => {
  it.each([
    ['update', {}, true],
    ['findAndModify', {}, true],
    ['update', { ...answered, code: 50 }, true],
    ['aggregate', { ...answered, code: 2 }, true],
    ['update', { ...answered, code: 13 }, false],
    ['findAndModify', { ...answered, code: 50 }, false],
    ['shuffle', { ...answered, code: 59 }, false],
  ])('%s, %j, may have written: %s', (name, failure, expected) => {
    expect(mayHaveWritten(name, failure)).toBe(expected);
  });

  it.each([
    [{ ...answered, ...transient }, true],
    [{ ...answered, code: 251 }, true],
    [{ ...answered, code: 50 }, false],
    // What the driver says of it by itself is no answer.
    [transient, false],
    [{ code: 251 }, false],
  ])('as the commit %j has committed nothing for sure: %s', (failure, expected) => {
    expect(isAborted(failure)).toBe(expected);
  });
});
