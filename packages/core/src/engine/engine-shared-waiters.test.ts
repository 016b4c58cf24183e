import { describe, expect, it } from '@jest/globals';
import type { CommitVerdict } from '../ports/tagged-store.js';
import { candidate, LAG } from './engine.test.support.js';
import { COMMITTED, MISS, UNAVAILABLE, world } from './engine-shared.test.support.js';

describe('those who wait for a fill (PROTOCOL 4.4, W-rule)', () => {
  it('get it at once where the lag allows it, the others when the store has said that it is stored', async () => {
    const { come, store, clock } = world();
    const leader = come();
    const near = come();
    clock.advance(LAG + 1);
    const far = come();
    await store.answer(MISS);
    leader.leads?.complete(candidate('one'));
    expect([near.log, far.log]).toEqual([['collapsed one'], []]);
    await store.answer(COMMITTED);
    expect(far.log).toEqual(['collapsed one']);
  });

  it.each<[string, CommitVerdict | Error, string]>([
    ['refused it', { kind: 'refused' }, 'led uri-miss'],
    ['did not answer', { kind: 'unavailable' }, 'led stale'],
    ['broke its word', new Error('a bug in the driver'), 'led stale'],
  ])('move on together when the store %s', async (_what, verdict, becomes) => {
    const { come, store, clock, events } = world();
    const leader = come();
    clock.advance(LAG + 1);
    const far = [come(), come()];
    await store.answer(MISS);
    leader.leads?.complete(candidate('one'));
    await store.answer(verdict);
    const told = verdict instanceof Error ? 'store-error' : verdict.kind === 'refused' ? 'refused' : 'stored';
    expect(events.map(({ type }) => type)).toContain(told);
    expect(far.map(({ log }) => log)).toEqual([[], []]);
    await store.answer(MISS);
    expect(far.map(({ log }) => log)).toEqual([[becomes], []]);
  });

  it('find what somebody else has stored while the commit was under way', async () => {
    const { come, store, clock } = world();
    const leader = come();
    clock.advance(LAG + 1);
    const far = come();
    await store.answer(MISS);
    leader.leads?.complete(candidate('refused'));
    const late = come();
    // The store answers the later question first.
    store.swap();
    await store.answer(MISS);
    late.leads?.complete(candidate('stored'));
    store.swap();
    await store.answer(COMMITTED);
    expect([far.log, come().log]).toEqual([[], ['hit stored']]);
    await store.answer({ kind: 'refused' });
    expect(far.log).toEqual(['hit stored']);
  });

  it('do not wait for the store longer than for a handler', async () => {
    const { come, store, clock } = world();
    const leader = come();
    clock.advance(LAG + 1);
    const far = come();
    await store.answer(MISS);
    leader.leads?.complete(candidate('one'));
    await clock.advanceAsync(10_000);
    expect(far.log).toEqual(['led miss']);
  });

  it('get nothing from longer ago than the lag where the store was not asked at all', async () => {
    const { come, store, clock } = world();
    const leader = come();
    await store.answer(UNAVAILABLE);
    const near = come();
    clock.advance(LAG + 1);
    const far = come();
    leader.leads?.complete(candidate('one'));
    expect(store.asked).toEqual(['begin', 'begin']);
    expect([near.log, far.log]).toEqual([['collapsed one'], []]);
  });

  it('do not include who comes while it is committed', async () => {
    const { come, store } = world();
    const leader = come();
    await store.answer(MISS);
    leader.leads?.complete(candidate('one'));
    const late = come();
    expect(store.asked).toEqual(['begin', 'commit', 'begin']);
    await store.answer(COMMITTED);
    expect(late.log).toEqual([]);
  });
});

describe('a store or a visitor that fails', () => {
  it('costs the store’s answer and nothing else', async () => {
    const { come, store, events } = world();
    const guests = [come(), come()];
    await store.answer(new Error('a bug in the driver'));
    expect(guests[0]?.log).toEqual(['led uri-miss']);
    expect(events).toContainEqual({ type: 'store-error', store: 'scripted', error: expect.any(Error) });
    guests[0]?.leads?.complete(candidate('one'));
    expect(guests[1]?.log).toEqual(['collapsed one']);
  });

  it('holds what it made as long as it may lag, when the store is away', async () => {
    const { come, store, clock } = world();
    const leader = come();
    await store.answer(MISS);
    leader.leads?.complete(candidate('one'));
    await store.answer({ kind: 'unavailable' });
    clock.advance(LAG);
    expect(come().log).toEqual(['hit one']);
    clock.advance(1);
    expect(come().log).toEqual([]);
  });

  it.each([
    ['on a hit', (given: ReturnType<typeof world>) => given.stored('one'), 'collapsed one'],
    ['on a miss', () => MISS, 'led miss'],
  ])('%s: the leader’s failure keeps nobody waiting and ends no process', async (_what, answer, expected) => {
    const given = world();
    const [leader, other] = [given.come(), given.come()];
    leader.fails = true;
    await given.store.answer(answer(given));
    expect([leader.log.length, other.log]).toEqual([1, [expected]]);
    expect(given.events).toContainEqual({ type: 'warning', message: expect.stringContaining('is in a state') });
  });

  it('marks the target’s variants, and bears it when the store does not take the mark', async () => {
    const { come, store } = world();
    const leader = come({ accept: 'a' });
    await store.answer(MISS);
    leader.leads?.complete(candidate('A', { selecting: ['accept'] }));
    expect(store.asked).toEqual(['begin', 'mark', 'commit']);
    await store.answer(new Error('no'));
    await store.answer(COMMITTED);
    expect([come({ accept: 'a' }).log, come({ accept: 'b' }).log]).toEqual([['hit A'], []]);
  });
});

describe('what other processes have invalidated', () => {
  it('is invalid here too, where a refused commit tells of it', async () => {
    const { come, store, tags } = world();
    const leader = come();
    await store.answer(MISS);
    leader.complete('one');
    await store.answer({ kind: 'refused', tags: ['t'] });
    expect(tags.admits(['t'], 0)).toBe(false);
  });
});
