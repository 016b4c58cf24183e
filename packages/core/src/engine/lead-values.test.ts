import { describe, expect, it } from '@jest/globals';
import { candidate, openEngine } from './engine.test.support.js';

describe('a lead that fails', () => {
  it('tells those who can be told the error, and the token of what was read; the others run for themselves', () => {
    const { come, tags } = openEngine();
    tags.invalidate(['before'], 'soft');
    const leader = come();
    const [told, untold] = [come(), come()];
    const heard: unknown[] = [];
    Object.assign(told, { fail: (error: unknown, token: number) => heard.push(error, token) });
    leader.leads?.fail('boom');
    expect(heard).toEqual(['boom', 1]);
    expect(told.log).toEqual([]);
    expect(untold.log).toEqual(['led miss']);
    // Nothing is kept of it, and it counts once.
    leader.leads?.complete(candidate('late'));
    expect(come().log).toEqual(['led uri-miss']);
  });
});

describe('a lead that hands out', () => {
  it('answers those who wait, and stores nothing', () => {
    const { come, local } = openEngine();
    const leader = come();
    const waiter = come();
    leader.leads?.handOut(candidate('one', { lifetimeMs: 0 }));
    expect(waiter.log).toEqual(['collapsed one']);
    expect(local.size).toBe(0);
    expect(come().log).toEqual(['led uri-miss']);
  });

  it('answers nobody who came after an invalidation', () => {
    const { come, tags } = openEngine();
    const leader = come();
    tags.invalidate(['t'], 'soft');
    const late = come();
    leader.leads?.handOut(candidate('old'));
    expect(late.log).toEqual(['led uri-miss']);
  });
});
