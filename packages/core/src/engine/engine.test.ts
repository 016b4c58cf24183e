import { describe, expect, it } from '@jest/globals';
import { urlTag } from '../invalidation/tags.js';
import { NullStore } from '../stores/null.js';
import { Guest, openEngine } from './engine.test.support.js';
import type { EngineLimits } from './engine-parts.js';
import type { LocalItem } from './local-item.js';

const world = (limits: Partial<EngineLimits> = {}) => openEngine({ limits });

describe('Engine.find (RFC 9111 §4)', () => {
  it('finds what is fresh, and not at the end of its lifetime', () => {
    const { come, clock } = world();
    come().complete('one');
    clock.advance(59_999);
    expect(come().log).toEqual(['hit one']);
    clock.advance(1);
    expect(come().log).toHaveLength(1);
    expect(come().log).toEqual([]);
  });

  it('finds nothing that was invalidated, and what was stored after it', () => {
    const { come, tags } = world();
    come().complete('one');
    tags.invalidate(['other'], 'soft');
    expect(come().log).toEqual(['hit one']);
    tags.invalidate(['t'], 'soft');
    const again = come();
    expect(again.log).toEqual(['led stale']);
    again.complete('two');
    expect(come().log).toEqual(['hit two']);
  });

  it('stores nothing whose tag was invalidated while it was made', () => {
    const { come, tags, telemetry } = world();
    const first = come();
    tags.invalidate(['t'], 'soft');
    first.complete('one');
    expect(come().log).toEqual(['led uri-miss']);
    expect(telemetry.read(0, 0)).toMatchObject({ stored: 0, refused: { invalidated: 1 } });
  });

  it('selects by the fields that responses have named', () => {
    const { come } = world();
    come('/', { accept: 'a' }).complete('A', { selecting: ['accept'] });
    const other = come('/', { accept: 'b' });
    expect(other.log).toEqual(['led vary-miss']);
    other.complete('B', { selecting: ['accept'] });
    come('/', {}).complete('none', { selecting: ['accept'] });
    expect([come('/', { accept: 'a' }), come('/', { accept: 'b' }), come('/')].map(({ log }) => log)).toEqual([
      ...[['hit A'], ['hit B'], ['hit none']],
    ]);
  });

  it('selects by the fields that the policy names, from the first request on', () => {
    const { come } = world();
    const first = come('/', { dnt: '1' }, ['dnt']);
    expect(come('/', { dnt: '0' }, ['dnt']).log).toEqual(['led vary-miss']);
    expect(come('/', { dnt: '1' }, ['dnt']).log).toEqual([]);
    first.complete('one');
    expect(come('/', { dnt: '1' }, ['dnt']).log).toEqual(['hit one']);
  });

  it('never finds by fewer fields what turned out to need more', () => {
    const { come } = world();
    come('/', { accept: 'a' }).complete('all', { selecting: ['accept'] });
    come('/', { accept: 'b', origin: 'x' }).complete('x', { selecting: ['origin'] });
    expect(come('/', { accept: 'b', origin: 'y' }).log).toEqual(['led vary-miss']);
    expect(come('/', { accept: 'b', origin: 'x' }).log).toEqual(['hit x']);
  });
});

describe('Engine.fetch: one leads, the others wait (PROTOCOL 4.4)', () => {
  it('gives what the leader stored to those who wait', () => {
    const { come, telemetry } = world();
    const guests = [come(), come(), come()];
    expect(guests.map(({ log }) => log)).toEqual([['led uri-miss'], [], []]);
    guests[0]?.complete('one');
    expect(guests.slice(1).map(({ log }) => log)).toEqual([['collapsed one'], ['collapsed one']]);
    expect(telemetry.read(0, 0)).toMatchObject({ misses: 1, stored: 1 });
  });

  it('tells the leader to hurry for each who waits, and knows whether anybody does', () => {
    const { come } = world();
    const leader = come();
    expect([leader.hurried, leader.leads?.hasWaiters]).toEqual([0, false]);
    come();
    expect([leader.hurried, leader.leads?.hasWaiters]).toEqual([1, true]);
    leader.complete('one');
    expect(leader.leads?.hasWaiters).toBe(false);
  });

  it('moves those who may not take it into one next flight', () => {
    const { come, tags } = world();
    const [leader, ...others] = [come(), come(), come(), come()];
    tags.invalidate(['t'], 'soft');
    leader?.complete('old');
    expect(others.map(({ log }) => log)).toEqual([['led uri-miss'], [], []]);
    tags.invalidate(['t'], 'soft');
    others[0]?.complete('new, and not to be stored');
    expect(others.slice(1).map(({ log }) => log)).toEqual([
      ['collapsed new, and not to be stored'],
      ['collapsed new, and not to be stored'],
    ]);
  });

  it('collapses those who joined a second flight too late into one of their own', () => {
    const { come, tags } = world();
    const leader = come();
    const second = come();
    tags.invalidate(['t'], 'soft');
    leader.complete('0');
    const late = [come(), come(), come()];
    expect(late.map(({ log }) => log)).toEqual([[], [], []]);
    tags.invalidate(['t'], 'soft');
    second.complete('1');
    expect(late.map(({ log }) => log)).toEqual([['led uri-miss'], [], []]);
  });

  it('lets everybody run alone once the response turns out not to be storable, and for a while after', () => {
    const { come, clock, telemetry } = world();
    const guests = [come(), come(), come()];
    guests[0]?.leads?.refuse('set-cookie', '/r');
    expect(guests.slice(1).map(({ log }) => log)).toEqual([['led miss'], ['led miss']]);
    for (const { leads } of guests.slice(1)) leads?.refuse('set-cookie', '/r');
    expect(telemetry.read(0, 0)).toMatchObject({ misses: 3, refused: { 'set-cookie': 3 } });
    clock.advance(1_999);
    expect([come().log, come().log]).toEqual([['led miss'], ['led miss']]);
    clock.advance(1);
    expect([come().log, come().log]).toEqual([['led uri-miss'], []]);
  });

  it('collapses again once one of those who ran alone was stored after all', () => {
    const { come, tags } = world();
    come().leads?.refuse('status', '/r');
    come().complete('one');
    tags.invalidate(['t'], 'soft');
    expect([come().log, come().log]).toEqual([['led stale'], []]);
  });

  it('gives the crowd another leader when the first was aborted', () => {
    const { come } = world();
    const guests = [come(), come(), come()];
    guests[0]?.leads?.refuse('aborted', '/r');
    expect(guests.map(({ log }) => log)).toEqual([['led uri-miss'], ['led uri-miss'], []]);
    guests[1]?.leads?.refuse('aborted', '/r');
    expect(guests[2]?.log).toEqual(['led miss']);
    expect(come().log).toEqual(['led uri-miss']);
  });

  it('sends everybody on by itself when a cached view further inside takes over', () => {
    const { come } = world();
    const guests = [come(), come(), come()];
    guests[0]?.leads?.withdraw();
    expect(guests.slice(1).map(({ log }) => log)).toEqual([['led miss'], ['led miss']]);
    expect(come().log).toEqual(['led uri-miss']);
  });

  it('gives different variants in one crowd to whom they belong, one handler run each', () => {
    const { come } = world();
    const [leader, ...others] = ['a', 'b', 'a', 'b', 'c'].map((accept) => come('/', { accept }));
    leader?.complete('A', { selecting: ['accept'] });
    expect(others.map(({ log }) => log)).toEqual([['led vary-miss'], ['collapsed A'], [], ['led vary-miss']]);
    others[0]?.complete('B', { selecting: ['accept'] });
    others[3]?.complete('C', { selecting: ['accept'] });
    expect(others[2]?.log).toEqual(['collapsed B']);
    expect(['a', 'b', 'c'].map((accept) => come('/', { accept }).log)).toEqual([['hit A'], ['hit B'], ['hit C']]);
  });

  it('gives those who wait what could not be stored for its size', () => {
    const { come, telemetry } = world();
    const guests = [come('/big'), come('/big')];
    guests[0]?.complete('x'.repeat(200_000));
    expect(guests[1]?.log[0]).toMatch(/^collapsed x/);
    expect(telemetry.read(0, 0).refused).toEqual({ 'too-large': 1 });
  });

  it('stores a variant too many in place of the oldest that has answered nobody', () => {
    const { come, events, telemetry } = world();
    const store = (accept: string) => come('/', { accept }).complete(accept, { selecting: ['accept'] });
    for (const accept of ['en', 'x1', 'x2']) store(accept);
    come('/', { accept: 'en' });
    for (const accept of ['x3', 'x4', 'fr']) store(accept);
    expect(events.filter(({ type }) => type === 'removed')).toEqual(
      ['x1', 'x2', 'en'].map((accept) => ({
        type: 'removed',
        key: `GET http://h/\n~accept=${accept.length}:${accept}`,
        reason: 'variants',
      })),
    );
    expect(['x3', 'x4', 'fr'].map((accept) => come('/', { accept }).log)).toEqual([['hit x3'], ['hit x4'], ['hit fr']]);
    expect(come('/', { accept: 'en' }).log).toEqual(['led vary-miss']);
    expect(telemetry.read(0, 0)).toMatchObject({ stored: 6, evicted: 3, refused: {} });
  });

  it('parts with no variant for one that is too large to be stored', () => {
    const { come } = world();
    const accepts = ['a', 'b', 'c'];
    for (const accept of accepts) come('/', { accept }).complete(accept, { selecting: ['accept'] });
    come('/', { accept: 'd' }).complete('x'.repeat(200_000), { selecting: ['accept'] });
    expect(accepts.map((accept) => come('/', { accept }).log)).toEqual([['hit a'], ['hit b'], ['hit c']]);
  });

  it('does not count variants that could not be stored for their size', () => {
    const { come } = world();
    for (const accept of ['a', 'b', 'c'])
      come('/', { accept }).complete('x'.repeat(200_000), { selecting: ['accept'] });
    come('/', { accept: 'd' }).complete('d', { selecting: ['accept'] });
    expect(come('/', { accept: 'd' }).log).toEqual(['hit d']);
  });

  it('collapses also where nothing is stored', () => {
    const { come, telemetry } = openEngine({ local: new NullStore<LocalItem>(), storesNothing: true });
    const guests = [come(), come()];
    guests[0]?.complete('one');
    expect(guests[1]?.log).toEqual(['collapsed one']);
    expect(come().log).toEqual(['led uri-miss']);
    expect(telemetry.read(0, 0).refused).toEqual({ 'null-store': 1 });
  });

  it('keeps different targets apart', () => {
    const { come } = world();
    expect([come('/a').log, come('/b').log]).toEqual([['led uri-miss'], ['led uri-miss']]);
  });
});

describe('Engine bounds', () => {
  it('lets no more wait for one key than may, and those beyond run alone', () => {
    const { come, events, clock } = world();
    const guests = Array.from({ length: 8 }, () => come());
    expect(guests.map(({ log }) => log.join())).toEqual(['led uri-miss', '', '', '', '', '', 'led miss', 'led miss']);
    expect(events.filter(({ type }) => type === 'bypass')).toHaveLength(2);
    expect(clock.pendingTimers).toBe(1);
    guests[0]?.complete('one');
    expect(guests[5]?.log).toEqual(['collapsed one']);
    expect(come().log).toEqual(['hit one']);
  });

  it('gives the places of those who have gone to those who come', () => {
    const { come } = world();
    const [leader, ...gone] = Array.from({ length: 6 }, () => come());
    for (const guest of gone) guest.isGone = true;
    const others = [come(), come()];
    leader?.complete('one');
    expect(others.map(({ log }) => log)).toEqual([['collapsed one'], ['collapsed one']]);
    expect(gone.map(({ log }) => log)).toEqual(gone.map(() => []));
  });

  it('neither answers nor lets lead who has gone', () => {
    const { come, tags } = world();
    const [leader, gone, ...others] = [come(), come(), come(), come()];
    if (gone !== undefined) gone.isGone = true;
    leader?.leads?.refuse('aborted', '/r');
    expect(others.map(({ log }) => log)).toEqual([['led uri-miss'], []]);
    if (others[1] !== undefined) others[1].isGone = true;
    tags.invalidate(['t'], 'soft');
    others[0]?.complete('one');
    expect([gone?.log, others[1]?.log]).toEqual([[], []]);
  });

  it('watches over a second flight as over the first', () => {
    const { come, clock } = world();
    const [leader, ...others] = [come(), come(), come()];
    leader?.leads?.refuse('aborted', '/r');
    clock.advance(10_000);
    expect(others.map(({ log }) => log)).toEqual([['led uri-miss'], ['led miss']]);
  });

  it('lets go of whoever has waited for collapseTimeout, and begins anew for those who come', () => {
    const { come, clock, events } = world();
    const hung = come();
    const early = come();
    clock.advance(4_000);
    const late = come();
    clock.advance(6_000);
    expect([early.log, late.log]).toEqual([['led miss'], []]);
    const next = [come(), come()];
    expect(next.map(({ log }) => log)).toEqual([['led uri-miss'], []]);
    clock.advance(4_000);
    expect(late.log).toEqual(['led miss']);
    next[0]?.complete('fresh');
    expect(next[1]?.log).toEqual(['collapsed fresh']);
    hung.complete('after all');
    expect(events.filter((event) => event.type === 'bypass' && event.reason === 'collapse-timeout')).toHaveLength(2);
    expect(early.log).toHaveLength(1);
    // Only the timer of the memory store is left.
    expect(clock.pendingTimers).toBe(1);
  });
});

describe('Lead', () => {
  it.each<[string, (guest: Guest) => void, number]>([
    ['a refusal', (guest) => guest.leads?.refuse('status', '/r'), 1],
    ['a withdrawal', (guest) => guest.leads?.withdraw(), 0],
  ])('counts nothing after %s', (_what, end, refused) => {
    const { come, telemetry } = world();
    const guest = come();
    end(guest);
    guest.complete('one');
    guest.leads?.refuse('view', '/r');
    guest.leads?.withdraw();
    expect(Object.values(telemetry.read(0, 0).refused)).toEqual(Array(refused).fill(1));
    expect(telemetry.read(0, 0).stored).toBe(0);
  });

  it('of a visitor who runs alone may end in any way', () => {
    const { engine, come } = world();
    const alone = [new Guest('/'), new Guest('/'), new Guest('/')];
    for (const guest of alone) engine.fetchAlone(guest, 'request');
    alone[0]?.leads?.refuse('aborted', '/r');
    alone[1]?.leads?.withdraw();
    expect([alone[0]?.leads?.hasWaiters, come().log]).toEqual([false, ['led uri-miss']]);
    alone[2]?.complete('one');
    expect(come().log).toEqual(['hit one']);
  });

  it('counts the first word only', () => {
    const { come, telemetry } = world();
    const guest = come();
    guest.complete('one');
    guest.complete('two');
    guest.leads?.refuse('status', '/r');
    guest.leads?.withdraw();
    expect(come().log).toEqual(['hit one']);
    expect(telemetry.read(0, 0)).toMatchObject({ stored: 1, refused: {} });
  });

  it('knows whether what was read under it could be stored with these tags', () => {
    const { come, tags } = world();
    const { leads } = come('/x/y');
    expect(leads?.admits(['t'])).toBe(true);
    tags.invalidate(['t'], 'soft');
    expect([leads?.admits(['t']), leads?.admits(['u'])]).toEqual([false, true]);
    tags.invalidate(leads?.key.tags.slice(1, 2) ?? [], 'soft');
    expect(leads?.admits(['u'])).toBe(false);
  });
});

describe('a visitor who fails', () => {
  it('does not keep the others from being answered', () => {
    const { come, events } = world();
    const [leader, ...others] = [come(), come(), come()];
    for (const guest of others.slice(0, 1)) guest.fails = true;
    leader?.complete('one');
    expect(others[1]?.log).toEqual(['collapsed one']);
    expect(events).toContainEqual({ type: 'warning', message: expect.stringContaining('the socket is in a state') });
  });

  it.each([
    ['runs alone', (leader: Guest) => leader.leads?.refuse('status', '/r'), ['led miss']],
    ['leads the next flight', (leader: Guest) => leader.leads?.refuse('aborted', '/r'), ['led miss']],
    ['goes on inside', (leader: Guest) => leader.leads?.withdraw(), ['led miss']],
  ])('when it %s does not keep the others from theirs', (_what, end, expected) => {
    const { come, clock } = world();
    const [leader, ...others] = [come(), come(), come()];
    if (others[0] !== undefined) others[0].fails = true;
    if (leader !== undefined) end(leader);
    expect([others[0]?.log.length, others[1]?.log]).toEqual([1, expected]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('when its time is up does not keep the others from theirs, nor the timer from ending well', () => {
    const { come, clock } = world();
    const [, ...others] = [come(), come(), come()];
    if (others[0] !== undefined) others[0].fails = true;
    clock.advance(10_000);
    expect(others.map(({ log }) => log)).toEqual([['led miss'], ['led miss']]);
  });

  it('at once, as the first to come, hears of it itself and leaves no flight behind', () => {
    const { engine, come } = world();
    const guest = new Guest('/');
    guest.fails = true;
    expect(() => engine.fetch(guest)).toThrow('the handler is in a state');
    expect(come().log).toEqual(['led uri-miss']);
  });
});

describe('Engine.fetchAlone', () => {
  it('runs the handler whether or not somebody leads already, and stores what comes of it', () => {
    const { engine, come } = world();
    come();
    const alone = new Guest('/');
    engine.fetchAlone(alone, 'request');
    expect(alone.log).toEqual(['led request']);
    alone.complete('one');
    expect(come().log).toEqual(['hit one']);
  });

  it('runs nothing for a client that has gone', () => {
    const { engine } = world();
    const gone = new Guest('/');
    gone.isGone = true;
    engine.fetchAlone(gone, 'request');
    expect(gone.log).toEqual([]);
  });
});

describe('what is not fresh any more', () => {
  const stale = { whileRevalidateMs: 10_000, ifErrorMs: 20_000, revalidatableMs: 0 };

  it('is kept for as long as something may use it, and is no hit', () => {
    const { come, engine, clock } = world();
    const first = come();
    first.complete('one', { stale });
    const find = () => engine.findStale(first.key, [], first.fields);
    clock.advance(60_000);
    expect(come().log).toEqual(['led stale']);
    expect(find()).toMatchObject({ validity: 'valid', tags: ['t'] });
    clock.advance(19_999);
    expect(find()?.item.stored.body.toString()).toBe('one');
    clock.advance(1);
    expect(find()).toBeUndefined();
  });

  it('is kept no longer than its lifetime where nothing says what it would be good for', () => {
    const { come, engine, clock } = world();
    const first = come();
    first.complete('one');
    clock.advance(60_000);
    expect(engine.findStale(first.key, [], first.fields)).toBeUndefined();
  });

  it('reaches the leader with what was known by the read that took the token', () => {
    const { come, tags, clock } = world();
    come().complete('one', { stale });
    clock.advance(60_000);
    const leader = come();
    expect(leader.leads?.stale).toMatchObject({ validity: 'valid' });
    tags.invalidate(['t'], 'soft');
    leader.leads?.refuse('status', '/');
    clock.advance(2_001);
    expect(come().leads?.stale).toMatchObject({ validity: 'stale' });
  });

  it.each([
    ['a tag it declared', ['t']],
    ['a tag of its key', [urlTag('/')]],
  ])('is there for errors only after an invalidation of %s, and for nothing after a purge', (_what, named) => {
    const { come, tags } = world();
    come().complete('one', { stale });
    tags.invalidate(named, 'soft');
    const invalidated = come();
    expect(invalidated.log).toEqual(['led stale']);
    expect(invalidated.leads?.stale).toMatchObject({ validity: 'stale' });
    invalidated.complete('two', { stale });
    tags.invalidate(named, 'hard');
    expect(come().leads?.stale).toBeUndefined();
  });

  it('keeps the tags it was stored with, when it leaves L1 meanwhile', () => {
    const { come, engine, clock } = world();
    come().complete('one', { stale });
    clock.advance(60_000);
    const leader = come();
    clock.advance(20_000);
    expect(engine.findStale(leader.key, [], leader.fields)).toBeUndefined();
    expect(leader.leads?.stale?.tags).toEqual(['t']);
  });

  it('counts the age a response came with', () => {
    const { come, clock } = world();
    come().complete('one', { initialAgeMs: 50_000 });
    clock.advance(9_999);
    expect(come().log).toEqual(['hit one']);
    clock.advance(1);
    expect(come().log).toEqual(['led uri-miss']);
  });
});

describe('what has to be validated at each use (RFC 9111 §5.2.2.4)', () => {
  const noCache = { lifetimeMs: 0, stale: { whileRevalidateMs: 0, ifErrorMs: 0, revalidatableMs: 60_000 } };

  it('answers only who asked for it: the others ask for themselves, and not one behind the other', () => {
    const { come } = world();
    const leader = come();
    const others = [come(), come()];
    leader.complete('one', noCache);
    expect(others.map(({ log }) => log)).toEqual([['led miss'], ['led miss']]);
    expect(come().log).toEqual(['led stale']);
  });

  it('is there to be revalidated', () => {
    const { come, clock } = world();
    come().complete('one', noCache);
    clock.advance(3_000);
    const next = come();
    expect(next.log).toEqual(['led stale']);
    expect(next.leads?.stale).toMatchObject({ validity: 'valid' });
  });
});
