import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { frameCodec } from '../../codecs/frame.js';
import type { StoredResponse } from '../../ports/stored-response.js';
import { empty } from '../../ports/stored-response.test.support.js';
import type { TaggedStore } from '../../ports/tagged-store.js';
import { assertFor, itFindsOut, oneByOne } from '../../testing/races.test.support.js';
import { NonceProtocol } from '../nonce-protocol.js';
import { FakeServers, type Shelf } from './memcached.test.support.js';
import { MemcachedLedger } from './memcached-ledger.js';
import type { Commands } from './memcached-servers.js';

/*
 * Processes race over two servers, command by command: a scheduler decides which command is carried out next, which key is
 * lost, and which question passes its deadline (what it asked for is then done later all the same).
 */

const KEY = 'page';
const codec = frameCodec();

interface Plan {
  /** Requests, by the process that answers them and the tags that their handler turns out to depend on besides `a`. */
  readonly requests: readonly { readonly process: 0 | 1; readonly more: readonly string[] }[];
  /** Writes: the data changes, then `a` is invalidated, or, where there is no data, only others. */
  readonly writes: readonly { readonly process: 0 | 1; readonly tags: readonly string[] }[];
  /** Keys lost, each by its number among those there are. */
  readonly losses: readonly number[];
  readonly late: number;
  readonly start: 'empty' | 'stored' | 'evicted';
  /** In how many of 100 cases somebody else may come between two commands. */
  readonly rate: number;
  readonly dice: Iterator<number>;
}

/** A wrong way to do it, as a double: the races must find each. */
interface Wrong {
  /** Between a process and the servers; made anew for each process. */
  readonly wrap?: () => (commands: Commands) => Commands;
  /** The token is taken after the handler has read its data. */
  readonly takesTokenLate?: boolean;
  /** A key that has to be lost for it to do harm. */
  readonly loses?: (key: string) => boolean;
}

const process01 = fc.constantFrom(0 as const, 1 as const);
const rate = fc.constantFrom(10, 20, 40, 100);
const dice = fc.infiniteStream(fc.nat(99));
const start = fc.constantFrom('empty' as const, 'stored' as const, 'evicted' as const);
const anyPlan: fc.Arbitrary<Plan> = fc.record({
  requests: fc.array(fc.record({ process: process01, more: fc.subarray(['b', 'c']) }), { minLength: 2, maxLength: 5 }),
  writes: fc.array(fc.record({ process: process01, tags: fc.subarray(['a', 'b', 'x', 'y'], { minLength: 1 }) }), {
    minLength: 2,
    maxLength: 4,
  }),
  losses: fc.array(fc.nat(9), { maxLength: 3 }),
  late: fc.nat(2),
  start,
  rate,
  dice,
});
/** All that a wrong way needs to be found out. */
const smallPlan: fc.Arbitrary<Plan> = fc.record({
  requests: fc.constant([
    { process: 0 as const, more: [] },
    { process: 1 as const, more: [] },
  ]),
  writes: process01.map((process) => [{ process, tags: ['a'] }]),
  losses: fc.constant([]),
  late: fc.constant(0),
  start,
  rate,
  dice,
});

class World {
  readonly #shelf: Shelf = new Map();
  readonly #wrong: Wrong;
  readonly #servers: readonly FakeServers[];
  readonly #stores: readonly TaggedStore[];
  /** The data: only its newest version can be read. */
  #data = 1;
  /** The newest version whose invalidation has been reported as done. */
  #floor = 0;
  #late = 0;

  constructor(wrong: Wrong) {
    this.#wrong = wrong;
    this.#servers = [0, 1].map(() => {
      const servers = new FakeServers(this.#shelf);
      if (wrong.wrap) servers.wrap = wrong.wrap();
      servers.isLate = () => this.#late > 0 && this.#late-- > 0;
      return servers;
    });
    this.#stores = this.#servers.map((servers) => new NonceProtocol(new MemcachedLedger(servers, 'x')));
  }

  set step(step: () => Promise<unknown>) {
    for (const servers of this.#servers) servers.step = step;
  }

  get step(): () => Promise<unknown> {
    return this.#servers[0]?.step ?? (() => Promise.resolve());
  }

  async request(index: number, more: readonly string[]): Promise<'hit' | 'stored' | 'not stored'> {
    const store = this.#stores[index] as TaggedStore;
    await this.step();
    const floor = this.#floor;
    let begun = await store.begin(KEY, (bytes) => codec.decode(bytes, KEY));
    if (begun.found?.kind === 'response' && begun.found.validity === 'valid') {
      const version = Number(begun.found.response.body);
      if (version < floor) throw new Error(`stale: version ${version} although ${floor} had been invalidated`);
      return 'hit';
    }
    await this.step();
    const version = this.#data;
    await this.step();
    if (this.#wrong.takesTokenLate) begun = await store.begin(KEY, () => undefined);
    if (begun.token === undefined) return 'not stored';
    const floorAtSeal = this.#floor;
    const verdict = await store.commit({
      key: KEY,
      token: begun.token,
      tags: ['a', ...more].map((tag) => ({ tag, stamp: '' })),
      ttlMs: 60_000,
      encode: (tags) => codec.encode({ ...response, body: Buffer.from(String(version)), tags }),
    });
    if (verdict.kind !== 'stored') return 'not stored';
    // W-rule (b): what is reported as stored goes to all who had joined until then.
    if (version < floorAtSeal)
      throw new Error(`stale: version ${version} shared although ${floorAtSeal} was invalidated`);
    return 'stored';
  }

  async write(index: number, tags: readonly string[]): Promise<void> {
    await this.step();
    const version = tags.includes('a') ? ++this.#data : 0;
    if (await this.#stores[index]?.invalidate(tags, 'hard')) this.#floor = Math.max(this.#floor, version);
  }

  async lose(number: number, isMeant = (_: string): boolean => true): Promise<void> {
    await this.step();
    const keys = [...this.#shelf.keys()].filter(isMeant);
    this.#shelf.delete(keys[number % keys.length] ?? '');
  }

  async beLate(): Promise<void> {
    await this.step();
    this.#late = 1;
  }

  evict(): void {
    for (const key of this.#shelf.keys()) if (key.startsWith('x:e:')) this.#shelf.delete(key);
  }

  /** No more faults: what comes now is alone. */
  calm(): void {
    this.step = () => Promise.resolve();
    this.#late = 0;
  }
}

const response: StoredResponse = { ...empty, key: KEY, status: 200, lifetimeMs: 60_000 };

async function race(s: fc.Scheduler, plan: Plan, wrong?: Wrong): Promise<void> {
  const world = new World(wrong ?? {});
  if (plan.start !== 'empty') await world.request(0, []);
  if (plan.start === 'evicted') world.evict();
  const mayPause = (): boolean => (plan.dice.next().value as number) < plan.rate;
  world.step = () => (mayPause() ? s.schedule(Promise.resolve()) : Promise.resolve());
  await s.waitFor(
    Promise.all([
      ...plan.requests.map((request) => world.request(request.process, request.more)),
      ...plan.writes.map((write) => world.write(write.process, write.tags)),
      ...plan.losses.map((number) => world.lose(number)),
      ...(wrong?.loses ? [world.lose(0, wrong.loses)] : []),
      ...Array.from({ length: plan.late }, () => world.beLate()),
    ]),
  );
  while (s.count() > 0) await s.waitOne();
  world.calm();
  if (wrong !== undefined) {
    await world.request(0, []);
    return;
  }
  for (const process of [0, 1]) {
    await world.request(process, []);
    await world.request(process, ['b']);
    const third = await world.request(process, []);
    if (third !== 'hit') throw new Error(`no progress: the third quiet request is ${third}`);
  }
}

const isSequence = (key: string): boolean => key.endsWith(':g');
const isEntry = (key: string): boolean => key.includes('/');
const isTagKey = (key: string): boolean => key.startsWith('x:t:');
const NOTHING_OF_OURS = Buffer.from('A'.repeat(22));

/** A lost sequence begins where it began before (T30). */
const startingAnew = () => (commands: Commands) => ({
  ...commands,
  set: (key: string, value: Uint8Array, ttlMs: number) =>
    commands.set(key, isSequence(key) ? Buffer.from('1000') : value, ttlMs),
  add: (key: string, value: Uint8Array, ttlMs: number) =>
    commands.add(key, isSequence(key) ? Buffer.from('1000') : value, ttlMs),
});

/** The sequence is moved on only after the nonces have been replaced. */
const sequenceLast = () => {
  let held: (() => Promise<unknown>) | undefined;
  return (commands: Commands): Commands => ({
    ...commands,
    increment: async (key) => {
      held = () => commands.increment(key);
      return 5n;
    },
    replace: async (key, value, ttlMs) => {
      const outcome = await commands.replace(key, value, ttlMs);
      await held?.();
      return outcome;
    },
  });
};

/** What the log has of others' invalidations is answered with something else. */
const readingTheLog = (answer: (entry: Uint8Array | undefined) => Uint8Array | undefined) => () => {
  return (commands: Commands): Commands => ({
    ...commands,
    getMany: async (keys) => (await commands.getMany(keys)).map((it, i) => (isEntry(keys[i] ?? '') ? answer(it) : it)),
  });
};

/** Reads the sequence at commit before the nonces of the tags, not after them. */
const sequenceFirst = () => {
  let early: readonly (Uint8Array | undefined)[] | undefined;
  return (commands: Commands): Commands => ({
    ...commands,
    getMany: async (keys) => {
      if (keys.length === 1 && isSequence(keys[0] ?? '') && early !== undefined) return [...early];
      if (keys.every(isTagKey)) early = await commands.getMany(['x:g']);
      return commands.getMany(keys);
    },
  });
};

describe('races over Memcached (PROTOCOL 4.14)', () => {
  it('never answer with what was invalidated, and end with a hit, whatever is lost or late', async () => {
    await assertFor(
      { ms: 1_000, soakMs: 60_000 },
      fc.asyncProperty(oneByOne, anyPlan, (s, plan) => race(s, plan)),
      { endOnFailure: true },
    );
  }, 120_000);

  itFindsOut<Plan, Wrong>(race, smallPlan, [
    ['a lost sequence begins where it began before', 33, { wrap: startingAnew, loses: isSequence }],
    ['the sequence is moved on after the nonces are replaced', 51, { wrap: sequenceLast }],
    ['the sequence is read before the nonces', 53, { wrap: sequenceFirst }],
    ['the log is not heeded', 11, { wrap: readingTheLog(() => NOTHING_OF_OURS) }],
    [
      'a lost entry of the log is taken for one of others',
      30,
      { wrap: readingTheLog((it) => it ?? NOTHING_OF_OURS), loses: isEntry },
    ],
    ['the token is taken after the handler', 1, { takesTokenLate: true }],
  ]);
});
