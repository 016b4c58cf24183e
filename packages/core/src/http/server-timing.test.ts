import { describe, expect, it } from '@jest/globals';
import { formatServerTiming } from './server-timing.js';

describe('Server-Timing (W3C Server Timing §3)', () => {
  it('writes each metric with what it has', () => {
    expect(formatServerTiming([{ name: 'viewcache', desc: 'hit' }, { name: 'saved', dur: 12.34 }, { name: 'x' }])).toBe(
      'viewcache;desc="hit", saved;dur=12.3, x',
    );
  });

  it.each([
    [0, '0'],
    [0.04, '0'],
    [-1, '0'],
    [1e6, '1000000'],
  ])('writes %d milliseconds as %s', (dur, written) => {
    expect(formatServerTiming([{ name: 'a', dur }])).toBe(`a;dur=${written}`);
  });
});
