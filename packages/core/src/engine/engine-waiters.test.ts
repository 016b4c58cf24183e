import { describe, expect, it } from '@jest/globals';
import { NullStore } from '../stores/null.js';
import { Guest, openEngine } from './engine.test.support.js';
import type { EngineLimits } from './engine-parts.js';
import type { LocalItem } from './local-item.js';

const world = (limits: Partial<EngineLimits> = {}) => openEngine({ limits });

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
