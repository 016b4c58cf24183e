import { describe, expect, it } from '@jest/globals';
import { frameCodec } from '../codecs/frame.js';
import { RetryQueue } from '../invalidation/retry-queue.js';
import { TagTable } from '../invalidation/tag-table.js';
import type { Leases } from '../ports/leases.js';
import type { StoredResponse } from '../ports/stored-response.js';
import type { BeginRead, CommitVerdict, Fill, Put, TaggedStore, Validity } from '../ports/tagged-store.js';
import { FakeClock } from '../testing/fake-clock.js';
import { candidate, LAG, openEngine } from './engine.test.support.js';

const codec = frameCodec();

const TOKEN = {};
const MISS: BeginRead = { token: TOKEN, found: undefined };
const UNAVAILABLE: BeginRead = { token: undefined, found: undefined };

/** A shared store whose every answer the test gives: the oldest question first. */
type Answer = BeginRead | Validity | CommitVerdict | boolean;

class ScriptedStore implements TaggedStore {
  readonly name = 'scripted';
  readonly asked: string[] = [];
  leases: Leases | undefined;
  readonly #open: { resolve: (answer: never) => void; reject: (error: Error) => void }[] = [];

  constructor(readonly clock: FakeClock) {}

  async answer(value: Answer | readonly Answer[] | Error): Promise<void> {
    const question = this.#open.shift();
    if (value instanceof Error) question?.reject(value);
    else question?.resolve(value as never);
    await this.clock.advanceAsync(0);
  }

  begin = (): Promise<BeginRead> => this.#ask('begin');
  beginMany = (): Promise<readonly BeginRead[]> => this.#ask('beginMany');
  check = (): Promise<Validity> => this.#ask('check');
  mark = (): Promise<boolean> => this.#ask('mark');
  invalidate = (): Promise<boolean> => this.#ask('invalidate');

  commit(fill: Fill): Promise<CommitVerdict> {
    fill.encode(fill.tags);
    return this.#ask('commit');
  }

  commitMany(fills: readonly Fill[]): Promise<readonly CommitVerdict[]> {
    for (const fill of fills) fill.encode(fill.tags);
    return this.#ask('commitMany');
  }

  putMany(puts: readonly Put[]): Promise<readonly CommitVerdict[]> {
    for (const put of puts) put.encode(put.tags);
    return this.#ask('putMany');
  }

  /** The latest question is answered before the others. */
  swap(): void {
    const latest = this.#open.pop();
    if (latest !== undefined) this.#open.unshift(latest);
  }

  health() {
    return { state: 'up', outstanding: this.#open.length, failures: 0 } as const;
  }

  async close(): Promise<void> {}

  #ask<T>(question: string): Promise<T> {
    this.asked.push(question);
    return new Promise<T>((resolve, reject) => {
      this.#open.push({ resolve, reject });
    });
  }
}

function world(tags = new TagTable()) {
  const clock = new FakeClock();
  const store = new ScriptedStore(clock);
  const unheard = new RetryQueue(() => store.invalidate(), clock);
  const opened = openEngine({ clock, tags, shared: { store, codec, unheard } });
  const come = (fields: Record<string, string> = {}) => opened.come('/', fields);
  const stored = (body: string, more: Partial<StoredResponse> = {}): BeginRead => ({
    token: TOKEN,
    found: {
      kind: 'response',
      validity: 'valid',
      response: {
        ...candidate(body),
        key: 'GET http://h/',
        tags: [{ tag: 't', stamp: '1' }],
        storedAt: clock.now(),
        ...more,
      },
    },
  });
  return { ...opened, clock, store, unheard, come, stored };
}

const COMMITTED: CommitVerdict = { kind: 'stored', tags: [{ tag: 't', stamp: '1' }] };

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

function found(read: BeginRead) {
  if (read.found?.kind !== 'response') throw new Error('no response');
  return read.found;
}

describe('one handler run across processes (PROTOCOL 4.12)', () => {
  /** One lease, and what becomes of it. */
  function leased() {
    const given = world();
    const outcomes: string[] = [];
    const lease = { renew: async () => true, release: async (outcome: string) => void outcomes.push(outcome) };
    const answers: Awaited<ReturnType<Leases['take']>>[] = [];
    given.store.leases = { renewEveryMs: 500, take: async () => answers.shift() ?? { kind: 'mine', lease } };
    return { ...given, outcomes, answers };
  }

  it.each<[string, (given: ReturnType<typeof leased>) => Promise<void> | void, string]>([
    [
      'stored',
      async ({ come, store }) => {
        const leader = come();
        await store.answer(MISS);
        leader.complete('one');
        await store.answer(COMMITTED);
      },
      'stored',
    ],
    [
      'refused by the store',
      async ({ come, store }) => {
        const leader = come();
        await store.answer(MISS);
        leader.complete('one');
        await store.answer({ kind: 'refused' });
      },
      'open',
    ],
    [
      'not to be stored',
      async ({ come, store }) => {
        const leader = come();
        await store.answer(MISS);
        leader.leads?.refuse('set-cookie', '/r');
      },
      'open',
    ],
    [
      'broken off',
      async ({ come, store }) => {
        const leader = come();
        await store.answer(MISS);
        leader.leads?.refuse('aborted', '/r');
      },
      'unused',
    ],
    [
      'led by a visitor who has gone',
      async ({ come, store }) => {
        const leader = come();
        leader.isGone = true;
        await store.answer(MISS);
      },
      'unused',
    ],
  ])('is given back when the response is %s', async (_what, run, outcome) => {
    const given = leased();
    await run(given);
    expect(given.outcomes).toEqual([outcome]);
  });

  it('answers whoever waits for another process with what that has stored', async () => {
    const { come, store, stored, answers, clock } = leased();
    answers.push({ kind: 'held', by: 'x' });
    const [leader, waiter] = [come(), come()];
    await store.answer(MISS);
    await clock.advanceAsync(10);
    await store.answer(stored('theirs'));
    expect([leader.log, waiter.log]).toEqual([['hit theirs'], ['collapsed theirs']]);
  });

  it('leads with a token taken after it has waited', async () => {
    const { come, store, answers, clock, tags } = leased();
    answers.push({ kind: 'held', by: 'x' });
    const leader = come();
    await store.answer(MISS);
    tags.invalidate(['t'], 'soft');
    await clock.advanceAsync(10);
    await store.answer(MISS);
    leader.complete('one');
    await store.answer(COMMITTED);
    expect(come().log).toEqual(['hit one']);
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
