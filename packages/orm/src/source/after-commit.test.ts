import { describe, expect, it } from '@jest/globals';
import { afterCommit } from './after-commit.js';

describe('afterCommit', () => {
  it.each([['tx'], [7], [null], [true]])('refuses the scope %p: nothing runs on it', async (scope) => {
    await expect(afterCommit(scope as never, 'prices')).rejects.toThrow(
      /^afterCommit\.scope: .* is not allowed; use what the transaction runs on/,
    );
  });
});
