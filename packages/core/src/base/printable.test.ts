import { describe, expect, it } from '@jest/globals';
import { printable } from './printable.js';

describe('a printable text', () => {
  it.each([
    ['user:7', 'user:7'],
    ['Zürich 🏔 東京', 'Zürich 🏔 東京'],
    ['a\nb\r\tc\0', 'a\\nb\\r\\tc\\u0000'],
    ['\x1b[2J\x7f\x85', '\\u001b[2J\\u007f\\u0085'],
    ['\u2028\u202e\ud800', '\\u2028\\u202e\\ud800'],
  ])('of %j is %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });
});
