import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { frameCodec } from '../../codecs/frame.js';
import type { StoredResponse } from '../../ports/stored-response.js';
import { empty } from '../../ports/stored-response.test.support.js';
import type { CommitVerdict, Put, SharedToken, TaggedStore } from '../../ports/tagged-store.js';
import { assertFor, expectStale, oneByOne } from '../../testing/races.test.support.js';
import { NonceProtocol } from '../nonce-protocol.js';
import { FakeServers, type Shelf } from './memcached.test.support.js';
import { MemcachedLedger } from './memcached-ledger.js';
import type { Commands } from './memcached-servers.js';

/*
 * Processes put values, count, fill and delete under one key, command by command (PROTOCOL 4.11): a scheduler decides which
 * command is carried out next, and which question passes its deadline.
 */

const KEY = 'value';
const OWN = 'own';
const codec = frameCodec();
const response: StoredResponse = { ...empty, key: KEY, status: 200, lifetimeMs: 60_000 };

type Deed = 'increment' | 'set' | 'since' | 'fill' | 'delete' | 'get';

interface Plan {
  readonly deeds: readonly { readonly process: 0 | 1; readonly deed: Deed }[];
  readonly late: number;
  readonly start: 'empty' | 'stored';
  readonly rate: number;
  readonly dice: Iterator<number>;
}

const planOf = (...deeds: readonly Deed[]): fc.Arbitrary<Plan> =>
  fc.record({
    deeds: fc.array(fc.record({ process: fc.constantFrom(0 as const, 1 as const), deed: fc.constantFrom(...deeds) }), {
      minLength: 2,
      maxLength: 6,
    }),
    late: fc.nat(deeds.includes('get') ? 2 : 0),
    start: fc.constantFrom('empty' as const, 'stored' as const),
    rate: fc.constantFrom(10, 20, 40, 100),
    dice: fc.infiniteStream(fc.nat(99)),
  });

class World {
  readonly #shelf: Shelf = new Map();
  readonly #servers: readonly FakeServers[];
  readonly stores: readonly TaggedStore[];
  /** Moments, in the order in which they came. */
  #now = 0;
  /** When the last deed began that has been reported as done. */
  #floor = 0;
  /** Until when each value was the newest that was known of to whoever made it. */
  readonly #good = new Map<number, number>();
  #values = 0;
  #late = 0;
  readonly counted: number[] = [];
  readonly #isWrong: boolean;

  constructor(wrap?: () => (commands: Commands) => Commands) {
    this.#isWrong = wrap !== undefined;
    this.#servers = [0, 1].map(() => {
      const servers = new FakeServers(this.#shelf);
      if (wrap) servers.wrap = wrap();
      servers.isLate = () => this.#late > 0 && this.#late-- > 0;
      return servers;
    });
    this.stores = this.#servers.map((servers) => new NonceProtocol(new MemcachedLedger(servers, 'x')));
  }

  set step(step: () => Promise<unknown>) {
    for (const servers of this.#servers) servers.step = step;
  }

  beLate(): void {
    this.#late = 1;
  }

  async do(deed: Deed, process: number): Promise<void> {
    const store = this.stores[process] as TaggedStore;
    switch (deed) {
      case 'increment':
        return await this.#increment(store);
      case 'set':
        return await this.#write(() => this.#put(store, this.#newValue(), undefined, 'always'));
      case 'delete':
        return await this.#write(async () => ({
          kind: (await store.invalidate([OWN], 'hard')) ? 'stored' : 'refused',
        }));
      case 'since':
        return await this.#since(store);
      case 'fill':
        return await this.#fill(store);
      default:
        await this.read(store);
    }
  }

  /** What is there, and never what was there before something that had been done when it was asked for. */
  async read(
    store: TaggedStore,
  ): Promise<{ readonly token: SharedToken | undefined; readonly value: number | undefined }> {
    const floor = this.#floor;
    const { token, found } = await store.begin(KEY, (bytes) => codec.decode(bytes, KEY));
    if (found?.kind !== 'response' || found.validity !== 'valid') return { token, value: undefined };
    const value = Number(found.response.body);
    const good = this.#good.get(value);
    if (good !== undefined && good < floor) throw new Error(`stale: ${value} is from ${good}, before ${floor}`);
    return { token, value };
  }

  async #increment(store: TaggedStore): Promise<void> {
    const startedAt = ++this.#now;
    for (let attempt = 0; attempt < 50; attempt++) {
      const { token, value = 0 } = await this.read(store);
      if (token === undefined) return;
      const { kind } = await this.#put(store, value + 1, token, 'unchanged');
      if (kind === 'refused') continue;
      if (kind === 'stored') {
        this.counted.push(value + 1);
        this.#floor = Math.max(this.#floor, startedAt);
      }
      return;
    }
    throw new Error('no progress');
  }

  async #write(write: () => Promise<Pick<CommitVerdict, 'kind'>>): Promise<void> {
    const startedAt = ++this.#now;
    const { kind } = await write();
    if (kind === 'stored') this.#floor = Math.max(this.#floor, startedAt);
  }

  async #fill(store: TaggedStore): Promise<void> {
    const { token, value } = await this.read(store);
    if (token === undefined || value !== undefined) return;
    const made = this.#newValue();
    await this.#servers[0]?.step();
    await store.commit({ ...this.#frameOf(made), token });
  }

  /** A set of what was read after a token was taken, which is as old as that. */
  async #since(store: TaggedStore): Promise<void> {
    const { token } = await store.begin('', () => undefined);
    if (token === undefined) return;
    const value = this.#newValue();
    await this.#servers[0]?.step();
    await store.putMany([{ ...this.#frameOf(value), token, ownTag: OWN, onlyIf: 'always' }]);
  }

  async #put(
    store: TaggedStore,
    value: number,
    token: SharedToken | undefined,
    onlyIf: Put['onlyIf'],
  ): Promise<CommitVerdict> {
    const made = this.#good.get(value);
    // Whoever is under way may be the last of all that are, whatever it hears of that. Of a wrong protocol it is enough to see
    // that one is, which was given up.
    if (made !== undefined && !this.#isWrong) this.#good.set(value, Number.POSITIVE_INFINITY);
    const [verdict] = await store.putMany([{ ...this.#frameOf(value), token, ownTag: OWN, onlyIf }]);
    const isOver = verdict?.kind === 'refused' || (this.#isWrong && verdict?.kind !== 'stored');
    if (made !== undefined) this.#good.set(value, isOver ? made : ++this.#now);
    return verdict ?? { kind: 'unavailable' };
  }

  /** A value as no other, and as new as now. */
  #newValue(): number {
    const value = 1_000 * ++this.#values;
    this.#good.set(value, ++this.#now);
    return value;
  }

  #frameOf(value: number) {
    return {
      key: KEY,
      tags: [OWN, 'a'].map((tag) => ({ tag, stamp: '' })),
      ttlMs: 60_000,
      encode: (tags: StoredResponse['tags']) => codec.encode({ ...response, body: Buffer.from(String(value)), tags }),
    };
  }
}

async function race(s: fc.Scheduler, plan: Plan, wrap?: () => (commands: Commands) => Commands): Promise<World> {
  const world = new World(wrap);
  if (plan.start === 'stored') await world.do('increment', 0);
  world.step = () =>
    (plan.dice.next().value as number) < plan.rate ? s.schedule(Promise.resolve()) : Promise.resolve();
  await s.waitFor(
    Promise.all([
      ...plan.deeds.map(async ({ deed, process }) => {
        // One that begins when another has ended has to know of it.
        await s.schedule(Promise.resolve());
        await world.do(deed, process);
      }),
      ...Array.from({ length: plan.late }, async () => {
        await s.schedule(Promise.resolve());
        world.beLate();
      }),
    ]),
  );
  while (s.count() > 0) await s.waitOne();
  world.step = () => Promise.resolve();
  for (const store of world.stores) await world.read(store);
  return world;
}

const anyPlan = planOf('increment', 'set', 'since', 'fill', 'delete', 'get');
const sincePlan = planOf('set', 'since');
const countingPlan = planOf('increment');

/** The nonce is replaced whatever it is by now. */
const blind = () => (commands: Commands) => ({
  ...commands,
  swap: (key: string, value: Uint8Array, ttlMs: number, unique: string) =>
    key.startsWith('x:t:') ? commands.set(key, value, ttlMs) : commands.swap(key, value, ttlMs, unique),
});

/** The entry is replaced whatever it is by now. */
const overwriting = () => (commands: Commands) => ({
  ...commands,
  add: (key: string, value: Uint8Array, ttlMs: number) =>
    key.startsWith('x:e:') ? commands.set(key, value, ttlMs) : commands.add(key, value, ttlMs),
  swap: (key: string, value: Uint8Array, ttlMs: number, unique: string) =>
    key.startsWith('x:e:') ? commands.set(key, value, ttlMs) : commands.swap(key, value, ttlMs, unique),
});

describe('races of values that are put, over Memcached (PROTOCOL 4.11)', () => {
  it('never answer with what was there before something that has been done', async () => {
    await assertFor(
      { ms: 1_500, soakMs: 60_000 },
      fc.asyncProperty(oneByOne, anyPlan, async (s, plan) => void (await race(s, plan))),
      { endOnFailure: true },
    );
  }, 120_000);

  it('never let a slower writer undo what has been put since it read', async () => {
    await assertFor(
      { ms: 1_000, soakMs: 60_000 },
      fc.asyncProperty(oneByOne, sincePlan, async (s, plan) => void (await race(s, plan))),
      { endOnFailure: true },
    );
  }, 120_000);

  it('count each increment once', async () => {
    await assertFor(
      { ms: 1_000, soakMs: 60_000 },
      fc.asyncProperty(oneByOne, countingPlan, async (s, plan) => {
        const { counted } = await race(s, plan);
        expect(counted.sort((a, b) => a - b)).toEqual(counted.map((_, i) => i + 1));
      }),
      { endOnFailure: true },
    );
  }, 120_000);

  it('find out when a put that was given up still replaces a nonce that is another by then', async () => {
    await expectStale(
      1,
      fc.asyncProperty(oneByOne, anyPlan, async (s, plan) => void (await race(s, plan, blind))),
    );
  });

  it('find out when an increment replaces what it has not seen', async () => {
    const found = await fc.check(
      fc.asyncProperty(oneByOne, countingPlan, async (s, plan) => {
        const { counted } = await race(s, plan, overwriting);
        if (new Set(counted).size < counted.length) throw new Error('counted twice');
      }),
      { seed: 1, numRuns: 1_000, endOnFailure: true },
    );
    expect(String(found.errorInstance)).toContain('counted twice');
  });
});
