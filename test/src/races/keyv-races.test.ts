import { describe, expect, it } from '@jest/globals';
import type { Cache, CacheOptions } from '@viewcache/core';
import { FakeClock } from '@viewcache/core/testing';
import fc from 'fast-check';
import { closeAfterEach, makeCache } from '../support/site.js';
import { under } from './by-chance.js';
import { Data, processOf, World } from './harness.js';
import { assertFor, openCache, openShared, readCacheOptions } from './internals.js';
import { outcomeOf, QUIET, send, traffic } from './two-processes.js';

/*
 * Two processes as an app makes them, over one Keyv: engine, guard, protocol and driver together. Each command to the
 * Keyv is a step, and so is each reply; some fail.
 */

closeAfterEach();

const plan = fc.record({
  ...traffic(fc.constant('ok'), { requests: 4, writes: 2 }),
  /** Which commands the Keyv rejects. */
  rejects: fc.array(fc.nat(60), { maxLength: 3 }),
});

/** Somebody else goes on only when what the last one set free has been done. */
const turns = fc.scheduler({
  act: async (run) => {
    await run();
    await new Promise((resolve) => setImmediate(resolve));
  },
});

/** A Keyv, by shape, that keeps what it is told in a Map, one command at a time. */
class SteppingKeyv {
  readonly #data = new Map<string, unknown>();
  readonly #step: (label: string) => Promise<unknown>;

  constructor(step: (label: string) => Promise<unknown>) {
    this.#step = step;
  }

  get = (key: string) => this.#do('get', () => this.#data.get(key));
  getMany = (keys: string[]) => this.#do('getMany', () => keys.map((key) => this.#data.get(key)));
  delete = (key: string) => this.#do('delete', () => this.#data.delete(key));

  set = (key: string, value: unknown) =>
    this.#do('set', () => {
      this.#data.set(key, value);
      return true;
    });

  async #do<T>(label: string, apply: () => T): Promise<T> {
    await this.#step(label);
    const reply = apply();
    await this.#step(`reply to ${label}`);
    return reply;
  }
}

/** What waits for the store, too, goes by the clock that the test leads, and not by the machine's. */
const allLed = (options: CacheOptions = {}): Cache =>
  openCache(readCacheOptions(options), (settings, clock, sink) => openShared(settings, clock, sink, clock));

const race = (l1MaxLag: string) =>
  fc.asyncProperty(plan, turns, async ({ rejects, ...sent }, fcScheduler) => {
    const scheduler = under(fcScheduler);
    const clock = new FakeClock();
    const data = new Data();
    let commands = 0;
    let isQuiet = false;
    const store = new SteppingKeyv(async (label) => {
      await fcScheduler.schedule(Promise.resolve(), label);
      if (!isQuiet && rejects.includes(commands++)) throw new Error('the connection was lost');
    });
    const open = () => new World(scheduler, processOf(makeCache({ store, l1MaxLag, clock }, allLed), clock), data);
    const worlds = [open(), open()] as const;
    send(sent, worlds, scheduler, clock);
    await fcScheduler.waitIdle();

    isQuiet = true;
    for (let i = 0; i < 4; i++) {
      // Long enough for the breaker to close and for what is unheard to be sent again, timer by timer.
      for (let left = 6_000, ms = 0; left > 0; left -= ms) {
        ms = Math.min(left, clock.nextTimerIn);
        clock.advance(ms);
        await fcScheduler.waitIdle();
      }
      for (const world of worlds) world.request({ declares: 'after', outcome: 'ok' }, `request ${i} at the end`);
      await fcScheduler.waitIdle();
    }
    expect(outcomeOf(worlds)).toEqual(QUIET);
  });

describe('two caches over one Keyv', () => {
  it('answer nothing older than what was invalidated before, and store again once it is quiet', async () => {
    await assertFor({ ms: 800, most: 200, soakMs: 20_000 }, race('1s'));
  });

  it('is a race that finds out a cache which believes its own memory for too long', async () => {
    const found = await fc.check(race('1h'), { seed: 1, numRuns: 2_000, endOnFailure: true });
    expect(String(found.errorInstance)).toMatch(/was invalidated before/);
  });
});
