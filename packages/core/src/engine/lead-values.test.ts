import { describe, expect, it } from '@jest/globals';
import { FakeClock } from '../testing/fake-clock.js';
import { candidate, type Guest, LAG, openEngine } from './engine.test.support.js';
import type { Failure } from './failure.js';
import { Trust } from './trust.js';

describe('a lead that fails', () => {
  /** Somebody leads, others come before and after something happens, and the leader fails. */
  function failed(world: ReturnType<typeof openEngine>, meanwhile: () => void, nested: Failure['nested'] = []) {
    const { come } = world;
    const heard: unknown[] = [];
    const comeToHear = (): Guest => Object.assign(come(), { fail: (failure: Failure) => heard.push(failure.error) });
    const leader = come();
    const before = comeToHear();
    meanwhile();
    const after = [comeToHear(), comeToHear()];
    const { token, startedAt } = leader.leads ?? { token: 0, startedAt: 0 };
    const failure = { error: 'boom', token, startedAt, tags: ['t'], nested };
    leader.leads?.fail(failure);
    return { heard, guests: [before, ...after], failure };
  }

  it('tells those who can be told; the others run for themselves', () => {
    const world = openEngine();
    const leader = world.come();
    const [told, untold] = [world.come(), world.come()];
    const heard: Failure[] = [];
    Object.assign(told, { fail: (failure: Failure) => heard.push(failure) });
    const failure = { error: 'boom', token: 0, startedAt: 0, tags: [], nested: [] };
    leader.leads?.fail(failure);
    expect(heard).toEqual([failure]);
    expect(told.log).toEqual([]);
    expect(untold.log).toEqual(['led miss']);
    // Nothing is kept of it, and it counts once.
    leader.leads?.complete(candidate('late'));
    expect(world.come().log).toEqual(['led uri-miss']);
  });

  it('tells nobody what goes by something that was invalidated since: they move on together, and are told of the next', () => {
    const world = openEngine();
    const { heard, guests, failure } = failed(world, () => world.tags.invalidate(['t'], 'soft'));
    expect([heard, guests.map(({ log }) => log)]).toEqual([[], [['led uri-miss'], [], []]]);
    world.tags.invalidate(['t'], 'soft');
    // Whoever moved has asked before this run began.
    guests[0]?.leads?.fail(failure);
    expect(heard).toEqual(['boom', 'boom']);
  });

  it('goes by what was used on the way, as old as that was', () => {
    const world = openEngine();
    const { tags } = world;
    const token = tags.clock;
    tags.invalidate(['part'], 'soft');
    expect(failed(world, () => {}, [{ tag: 'other', token, stamp: undefined }]).heard).toHaveLength(3);
    expect(failed(world, () => {}, [{ tag: 'part', token, stamp: undefined }]).heard).toEqual([]);
  });

  it('tells nobody who came when another process may have invalidated what this one does not know of', () => {
    const clock = new FakeClock();
    const world = openEngine({ clock, trust: new Trust(clock, LAG) });
    expect(failed(world, () => clock.advance(LAG)).heard).toHaveLength(3);
    const late = failed(world, () => clock.advance(LAG + 1));
    expect([late.heard, late.guests.map(({ log }) => log)]).toEqual([['boom'], [[], ['led uri-miss'], []]]);
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
