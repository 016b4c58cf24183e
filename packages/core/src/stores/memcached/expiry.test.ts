import { expect, it } from '@jest/globals';
import { expiryOf } from './expiry.js';

const NOW = 1_790_000_000_400;
const DAY_MS = 86_400_000;

it.each([
  [1, 2],
  [200, 2],
  [1_000, 2],
  [1_500, 3],
  [30 * DAY_MS - 1_000, 30 * 86_400],
  [30 * DAY_MS, 1_790_000_002 + 30 * 86_400],
  [400 * DAY_MS, 1_790_000_002 + 400 * 86_400],
  [Number.POSITIVE_INFINITY, 0],
  [100 * 365 * DAY_MS, 0],
])('says %d ms as %d, and never as what it is not', (ttlMs, expiry) => {
  expect(expiryOf(ttlMs, NOW)).toBe(expiry);
});

it('does not say a date that every server takes for a length of time', () => {
  expect(expiryOf(31 * DAY_MS, -20 * DAY_MS)).toBe(0);
});
