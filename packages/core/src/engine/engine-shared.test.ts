import { describe, expect, it } from '@jest/globals';
import { TagTable } from '../invalidation/tag-table.js';
import type { BeginRead } from '../ports/tagged-store.js';
import { candidate, LAG } from './engine.test.support.js';
import { COMMITTED, found, MISS, TOKEN, world } from './engine-shared.test.support.js';

describe('a question to the shared store (PROTOCOL 4.3)', () => {
  it('is asked once for a crowd, and answers it', async () => {
    const { come, store, stored } = world();
    const guests = [come(), come(), come()];
    expect(store.asked).toEqual(['begin']);
    await store.answer(stored('one'));
    expect(guests.map(({ log }) => log)).toEqual([['hit one'], ['collapsed one'], ['collapsed one']]);
    expect(come().log).toEqual(['hit one']);
  });

  it('leads to the handler on a miss, and the response to the store', async () => {
    const { come, store } = world();
    const leader = come();
    await store.answer(MISS);
    leader.leads?.complete(candidate('one'));
    await store.answer(COMMITTED);
    expect(store.asked).toEqual(['begin', 'commit']);
    expect(come().log).toEqual(['hit one']);
  });

  it.each<[string, (given: ReturnType<typeof world>) => BeginRead]>([
    ['nothing', () => MISS],
    ['something stale', ({ stored }) => ({ ...stored('old'), found: { ...found(stored('old')), validity: 'stale' } })],
    ['something purged', ({ stored }) => ({ ...stored('old'), found: { ...found(stored('old')), validity: 'gone' } })],
    ['something past its lifetime', ({ stored, clock }) => stored('old', { storedAt: clock.now() - 60_000 })],
  ])('runs the handler when it finds %s', async (_what, answer) => {
    const given = world();
    const leader = given.come();
    await given.store.answer(answer(given));
    expect(leader.log).toEqual(['led uri-miss']);
  });

  it.each<[string, number, 'valid' | 'stale', object | undefined]>([
    ['past its lifetime', 60_000, 'valid', { validity: 'valid', tags: ['t'] }],
    ['at the end of its use', 80_000, 'valid', undefined],
    ['invalidated', 0, 'stale', { validity: 'stale', tags: ['t'] }],
  ])('tells the leader of what it finds %s', async (_what, ageMs, validity, expected) => {
    const { come, store, stored, clock } = world();
    const leader = come();
    const stale = { whileRevalidateMs: 0, ifErrorMs: 20_000, revalidatableMs: 0 };
    const answer = stored('old', { storedAt: clock.now() - ageMs, stale });
    await store.answer({ ...answer, found: { ...found(answer), validity } });
    if (expected === undefined) expect(leader.leads?.stale).toBeUndefined();
    else expect(leader.leads?.stale).toMatchObject(expected);
  });

  it('hears nothing of what L1 holds that the store could not vouch for: it may be purged', async () => {
    const { come, store, stored, clock } = world();
    come();
    const stale = { whileRevalidateMs: 0, ifErrorMs: 1e9, revalidatableMs: 0 };
    await store.answer(stored('old', { stale }));
    clock.advance(60_000);
    const leader = come();
    await store.answer(new Error('away'));
    expect(leader.log).toEqual(['led stale']);
    expect(leader.leads?.stale).toBeUndefined();
  });

  it('counts the age that a response has from another process', async () => {
    const { come, store, stored, clock } = world();
    come();
    await store.answer(stored('one', { storedAt: clock.now() - 59_500 }));
    clock.advance(499);
    expect(come().log).toEqual(['hit one']);
    clock.advance(1);
    expect(come().log).toEqual([]);
  });

  it('asks only whether tags are unchanged, when what L1 holds has not been asked about for a while', async () => {
    const { come, store, stored, clock } = world();
    come();
    await store.answer(stored('one'));
    clock.advance(LAG);
    expect(come().log).toEqual(['hit one']);
    clock.advance(1);
    const guest = come();
    await store.answer('valid');
    expect([guest.log, store.asked]).toEqual([['hit one'], ['begin', 'check']]);
    clock.advance(LAG);
    expect(come().log).toEqual(['hit one']);
  });

  it('asks for the response too, when they are not', async () => {
    const { come, store, stored, clock } = world();
    come();
    await store.answer(stored('one'));
    clock.advance(LAG + 1);
    const guest = come();
    await store.answer('stale');
    await store.answer(stored('two'));
    expect([guest.log, store.asked]).toEqual([['hit two'], ['begin', 'check', 'begin']]);
  });

  it('is not asked a second time where it did not answer the first', async () => {
    const { come, store, stored, clock } = world();
    come();
    await store.answer(stored('one'));
    clock.advance(LAG + 1);
    const guest = come();
    await store.answer('unavailable');
    expect(store.asked).toEqual(['begin', 'check']);
    expect(guest.log).toEqual(['led stale']);
  });

  it('looks for the visitor’s own variant where the target turns out to have some', async () => {
    const { come, store, stored } = world();
    const guests = [come({ accept: 'a' }), come({ accept: 'b' }), come({ accept: 'a' })];
    await store.answer({ token: TOKEN, found: { kind: 'selecting', selecting: ['accept'] } });
    expect(store.asked).toEqual(['begin', 'begin', 'begin']);
    await store.answer(stored('A', { key: 'GET http://h/\n~accept=1:a', selecting: ['accept'] }));
    expect(guests.map(({ log }) => log)).toEqual([['hit A'], [], ['collapsed A']]);
    await store.answer(MISS);
    expect(guests[1]?.log).toEqual(['led vary-miss']);
  });

  it('does not go round in circles where it is sent on to what it knows already', async () => {
    const { come, store } = world();
    const guest = come({ accept: 'a' });
    const marker: BeginRead = { token: TOKEN, found: { kind: 'selecting', selecting: ['accept'] } };
    await store.answer(marker);
    await store.answer(marker);
    expect([guest.log, store.asked]).toEqual([['led vary-miss'], ['begin', 'begin']]);
  });

  it('goes on with somebody else when the leader’s client has gone meanwhile', async () => {
    const { come, store } = world();
    const guests = [come(), come(), come()];
    if (guests[0] !== undefined) guests[0].isGone = true;
    await store.answer(MISS);
    await store.answer(MISS);
    expect(guests.map(({ log }) => log)).toEqual([[], ['led uri-miss'], []]);
  });

  it('leaves nothing behind when the only client has gone meanwhile', async () => {
    const { come, store } = world();
    come().isGone = true;
    await store.answer(MISS);
    const next = come();
    await store.answer(MISS);
    expect([store.asked, next.log]).toEqual([['begin', 'begin'], ['led uri-miss']]);
  });
});

describe('what this process knows better than the store (PROTOCOL 4.5, 4.6)', () => {
  it('copies nothing whose tag was invalidated here while the question was under way', async () => {
    const { come, store, stored, tags } = world();
    const [leader, waiter] = [come(), come()];
    tags.invalidate(['t'], 'soft');
    await store.answer(stored('old'));
    // The store is asked which was first.
    expect([leader.log, waiter.log, store.asked]).toEqual([[], [], ['begin', 'begin']]);
    await store.answer(MISS);
    expect([leader.log, waiter.log]).toEqual([['led uri-miss'], []]);
    expect(come().log).toEqual([]);
  });

  it('copies what was stored after that, once the store has said so', async () => {
    const { come, store, stored, tags } = world();
    const guest = come();
    tags.invalidate(['t'], 'soft');
    await store.answer(stored('new'));
    await store.answer(stored('new'));
    expect([guest.log, come().log]).toEqual([['hit new'], ['hit new']]);
  });

  it('asks once more and no more', async () => {
    const { come, store, stored, tags } = world();
    const guest = come();
    for (let answers = 0; answers < 2; answers++) {
      tags.invalidate(['t'], 'soft');
      await store.answer(stored('old'));
    }
    expect([guest.log, store.asked]).toEqual([['led uri-miss'], ['begin', 'begin']]);
  });

  it('believes the store nothing about a tag whose invalidation it has not heard of', async () => {
    const { come, store, stored, tags, unheard } = world();
    void unheard.deliver(['t'], 'soft', tags.invalidate(['t'], 'soft'));
    await store.answer(false);
    const guest = come();
    await store.answer(stored('old'));
    expect(guest.log).toEqual(['led uri-miss']);
  });

  it('copies nothing that the store had read before it heard of an invalidation, whatever answer comes first', async () => {
    const { come, store, stored, tags, unheard } = world();
    void unheard.deliver(['t'], 'soft', tags.invalidate(['t'], 'soft'));
    const guest = come();
    await store.answer(true);
    expect(unheard.size).toBe(0);
    await store.answer(stored('read before the store heard of it'));
    expect(guest.log).toEqual([]);
    await store.answer(MISS);
    expect(guest.log).toEqual(['led uri-miss']);
    expect(come().log).toEqual([]);
  });

  it('keeps nothing that was invalidated while it was committed, also when the record of that is gone', async () => {
    const { come, store, tags, events } = world(new TagTable(1));
    const leader = come();
    await store.answer(MISS);
    leader.leads?.complete(candidate('old'));
    tags.invalidate(['t'], 'soft');
    tags.invalidate(['something else'], 'soft');
    await store.answer(COMMITTED);
    expect(events.at(-1)).toMatchObject({ type: 'refused', reason: 'invalidated' });
    expect(come().log).toEqual([]);
  });
});
