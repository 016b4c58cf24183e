import { describe, expect, it } from '@jest/globals';
import { closeAfterEach } from '../support/site.js';
import { staleSite, ways } from './stale-site.js';

closeAfterEach();

describe.each(ways)('staleWhileRevalidate (RFC 5861 §3), on %s', (...way) => {
  it('answers from what is stale, to the millisecond, and makes it new once behind the answer', async () => {
    const { page, clock, next, runs } = await staleSite(way, { staleWhileRevalidate: 30 });
    expect(await page()).toBe('run 1 (fwd=uri-miss; stored)');
    clock.advance(59_999);
    expect(await page()).toBe('run 1 (hit; ttl=1)');
    clock.advance(1);
    const stored = next('stored');
    expect(await page()).toBe('run 1 (hit; ttl=0)');
    await stored;
    expect(runs).toEqual(['visit', 'refresh']);
    expect(await page()).toBe('run 2 (hit; ttl=60)');
    clock.advance(89_999);
    const again = next('stored');
    expect(await page()).toBe('run 2 (hit; ttl=-29)');
    await again;
    clock.advance(90_000);
    expect(await page()).toBe('run 4 (fwd=uri-miss; stored)');
    expect(runs).toEqual(['visit', 'refresh', 'refresh', 'visit']);
  });
});
