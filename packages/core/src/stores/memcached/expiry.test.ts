import { expect, it } from '@jest/globals';
import { expiryOf } from './expiry.js';

const NOW = 1_790_000_000_400;
const DAY_MS = 86_400_000;

it.each([
  [1, 1],
  [200, 1],
  [1_000, 1],
  [1_500, 2],
  [30 * DAY_MS, 30 * 86_400],
  [30 * DAY_MS + 1, 1_790_000_001 + 30 * 86_400],
  [400 * DAY_MS, 1_790_000_001 + 400 * 86_400],
  [Number.POSITIVE_INFINITY, 0],
  [100 * 365 * DAY_MS, 0],
])('says %d ms as %d, and never as what it is not', (ttlMs, expiry) => {
  expect(expiryOf(ttlMs, NOW)).toBe(expiry);
});

it('does not say a date that every server takes for a length of time', () => {
  expect(expiryOf(31 * DAY_MS, -20 * DAY_MS)).toBe(0);
});
