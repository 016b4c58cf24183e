import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CacheError } from '../base/errors.js';
import { StoreBusyError, StoreFailedError, StoreOpenError, StoreTimeoutError } from '../base/store-errors.js';
import type { Clock } from '../ports/clock.js';
import { ChaosStore, type Fault } from '../testing/chaos-store.js';
import { FakeClock } from '../testing/fake-clock.js';
import { Guard, type GuardOptions } from './guard.js';
import { guarded } from './guarded.js';

const bytes = new Uint8Array([1, 2, 3]);

function setup(options: Partial<GuardOptions> = {}) {
  const clock = new FakeClock();
  const chaos = new ChaosStore();
  const reported: string[] = [];
  const store = guarded(chaos, { clock, onFailure: (error) => reported.push(error.code), ...options });
  const failing = (fault: Fault | undefined): void => {
    chaos.fault = () => fault;
  };
  /** Asks once and names the outcome. */
  const ask = (): Promise<string> =>
    store.getMany(['k']).then(
      () => 'ok',
      (error: CacheError) => error.code,
    );
  /** Asks once and lets the deadline pass. */
  const askLate = async (): Promise<string> => {
    const outcome = ask();
    await clock.advanceAsync(50);
    return outcome;
  };
  return { clock, chaos, store, reported, failing, ask, askLate };
}

const unhandled: unknown[] = [];
const note = (reason: unknown): void => {
  unhandled.push(reason);
};
beforeAll(() => {
  process.on('unhandledRejection', note);
});
afterAll(async () => {
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

const machineClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

describe('a process that stands still', () => {
  it('does not take for late what has been answered meanwhile', async () => {
    const failures: string[] = [];
    const guard = new Guard('files', {
      clock: machineClock,
      deadlineMs: 20,
      onFailure: ({ code }) => failures.push(code),
    });
    const asked = Array.from({ length: 5 }, () =>
      guard.run(
        'getMany',
        () => stat('/'),
        () => 'answered',
      ),
    );
    // The answers come while nobody can read them.
    const until = performance.now() + 100;
    while (performance.now() < until);
    expect(await Promise.all(asked)).toEqual(Array(5).fill('answered'));
    expect([failures, guard.health().state]).toEqual([[], 'up']);
  });
});

describe('a guarded store', () => {
  it('answers as the store does while all is well, and keeps no timer', async () => {
    const { clock, store } = setup();
    expect(await store.set('k', bytes, 1000)).toBe(true);
    expect(await store.getMany(['none', 'k'])).toEqual([undefined, bytes]);
    await store.deleteMany(['k']);
    expect(await store.getMany(['k'])).toEqual([undefined]);
    expect(store.health()).toEqual({ state: 'up', outstanding: 0, failures: 0 });
    expect(clock.pendingTimers).toBe(0);
  });

  it.each<[Fault]>([['throw'], ['reject']])('rejects with the cause when the store does: %s', async (fault) => {
    const { store, failing, reported } = setup();
    failing(fault);
    const error = await store.set('k', bytes, 1000).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(StoreFailedError);
    expect(error).toBeInstanceOf(CacheError);
    expect(error).toMatchObject({
      store: 'chaos',
      operation: 'set',
      cause: { message: expect.stringContaining('chaos') },
    });
    expect(reported).toEqual(['ERR_CACHE_STORE_FAILED']);
    expect(store.health().outstanding).toBe(0);
  });

  it('rejects at the deadline and not before', async () => {
    const { clock, store, failing } = setup({ deadlineMs: 80 });
    failing('hang');
    let outcome: unknown;
    void store.deleteMany(['k']).catch((error: unknown) => {
      outcome = error;
    });
    await clock.advanceAsync(79);
    expect(outcome).toBeUndefined();
    await clock.advanceAsync(1);
    expect(outcome).toBeInstanceOf(StoreTimeoutError);
    expect(outcome).toMatchObject({ deadlineMs: 80, message: 'chaos.deleteMany took longer than 80 ms' });
  });

  it('drops an answer, or a rejection, that comes after the deadline', async () => {
    const { chaos, clock, store, failing, askLate } = setup();
    failing('late');
    expect(await askLate()).toBe('ERR_CACHE_STORE_TIMEOUT');
    expect(store.health().outstanding).toBe(1);
    chaos.step = () => Promise.reject(new Error('late rejection'));
    chaos.release();
    await clock.advanceAsync(0);
    expect(store.health()).toEqual({ state: 'up', outstanding: 0, failures: 1 });
  });

  it('makes a miss, or a failure, of an answer of no type that a store may give', async () => {
    const { chaos, store, failing } = setup({ breaker: { failures: 1_000 } });
    failing('garbage');
    const outcomes: unknown[] = [];
    for (let i = 0; i < 6; i++) {
      outcomes.push(await store.getMany(['a']).catch((error: CacheError) => error.code));
      chaos.calls.length = i + 1;
    }
    const failed = outcomes.filter((outcome) => outcome === 'ERR_CACHE_STORE_FAILED');
    const missed = outcomes.filter((outcome) => Array.isArray(outcome));
    expect([failed.length, missed]).toEqual([4, [[undefined], [undefined]]]);
    expect(await store.set('k', bytes, 1000)).toBe(false);
  });

  it('survives a listener that throws', async () => {
    const { store, failing } = setup({
      onFailure: () => {
        throw new Error('listener');
      },
    });
    failing('throw');
    await expect(store.getMany(['k'])).rejects.toBeInstanceOf(StoreFailedError);
  });

  it('closes within a deadline and never rejects', async () => {
    const { clock, chaos, store, reported } = setup();
    await store.close();
    expect(chaos.closed).toBe(1);
    chaos.close = () => {
      throw new Error('close');
    };
    await store.close();
    chaos.close = () => new Promise(() => {});
    const closing = store.close();
    await clock.advanceAsync(50);
    await closing;
    expect(reported).toEqual(['ERR_CACHE_STORE_FAILED', 'ERR_CACHE_STORE_TIMEOUT']);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('the circuit breaker of a guarded store', () => {
  it('opens after three failures running, and then asks nothing', async () => {
    const { chaos, store, failing, ask, reported } = setup();
    failing('reject');
    await ask();
    await ask();
    failing(undefined);
    await ask();
    failing('reject');
    for (let i = 0; i < 3; i++) expect(await ask()).toBe('ERR_CACHE_STORE_FAILED');
    expect(store.health().state).toBe('down');
    const asked = chaos.calls.length;
    await expect(store.set('k', bytes, 1)).rejects.toBeInstanceOf(StoreOpenError);
    expect(chaos.calls.length).toBe(asked);
    expect(store.health().failures).toBe(5);
    expect(reported.length).toBe(5);
  });

  it('lets one probe through after 500 ms, while the others are still turned away', async () => {
    const { clock, chaos, store, failing, ask } = setup();
    failing('reject');
    for (let i = 0; i < 3; i++) await ask();
    failing('late');
    await clock.advanceAsync(499);
    expect(await ask()).toBe('ERR_CACHE_STORE_OPEN');
    await clock.advanceAsync(1);
    const probe = ask();
    expect(await ask()).toBe('ERR_CACHE_STORE_OPEN');
    expect(store.health()).toMatchObject({ state: 'down', outstanding: 1 });
    chaos.release();
    expect(await probe).toBe('ok');
    failing(undefined);
    expect(await ask()).toBe('ok');
    expect(store.health().state).toBe('up');
  });

  it('doubles the wait with each probe that fails, to 5 s, and begins again once one succeeded', async () => {
    const { clock, failing, ask } = setup();
    failing('reject');
    for (let i = 0; i < 3; i++) await ask();
    for (const wait of [500, 1000, 2000, 4000, 5000, 5000]) {
      await clock.advanceAsync(wait - 1);
      expect(await ask()).toBe('ERR_CACHE_STORE_OPEN');
      await clock.advanceAsync(1);
      expect(await ask()).toBe('ERR_CACHE_STORE_FAILED');
    }
    failing(undefined);
    await clock.advanceAsync(5000);
    expect(await ask()).toBe('ok');
    failing('reject');
    for (let i = 0; i < 3; i++) expect(await ask()).toBe('ERR_CACHE_STORE_FAILED');
    await clock.advanceAsync(500);
    failing(undefined);
    expect(await ask()).toBe('ok');
  });

  it('opens once for a crowd of deadlines, and is not kept open by those that pass later', async () => {
    const { clock, failing, ask } = setup();
    failing('hang');
    const crowd = Array.from({ length: 100 }, ask);
    await clock.advanceAsync(40);
    const stragglers = Array.from({ length: 100 }, ask);
    await clock.advanceAsync(10);
    expect(new Set(await Promise.all(crowd))).toEqual(new Set(['ERR_CACHE_STORE_TIMEOUT']));
    await clock.advanceAsync(40);
    expect(new Set(await Promise.all(stragglers))).toEqual(new Set(['ERR_CACHE_STORE_TIMEOUT']));
    failing(undefined);
    await clock.advanceAsync(460);
    expect(await ask()).toBe('ok');
  });

  it('is not closed by an answer to something asked before it opened', async () => {
    const { clock, chaos, failing, ask } = setup();
    failing('late');
    const early = ask();
    failing('reject');
    for (let i = 0; i < 3; i++) await ask();
    chaos.release();
    expect(await early).toBe('ok');
    expect(await ask()).toBe('ERR_CACHE_STORE_OPEN');
    await clock.advanceAsync(500);
    expect(await ask()).toBe('ERR_CACHE_STORE_FAILED');
  });

  it('waits no longer than 500 ms in all once a hung store answers after all', async () => {
    const { clock, chaos, failing, ask, askLate } = setup();
    failing('late');
    for (let i = 0; i < 3; i++) await askLate();
    for (const wait of [500, 1000, 2000]) {
      await clock.advanceAsync(wait);
      expect(await askLate()).toBe('ERR_CACHE_STORE_TIMEOUT');
    }
    await clock.advanceAsync(450);
    expect(await ask()).toBe('ERR_CACHE_STORE_OPEN');
    chaos.release();
    failing(undefined);
    await clock.advanceAsync(0);
    expect(await ask()).toBe('ERR_CACHE_STORE_OPEN');
    await clock.advanceAsync(50);
    expect(await ask()).toBe('ok');
  });
});

describe('the bulkhead of a guarded store', () => {
  it('leaves at most 256 operations under way when 10,000 requests meet a hung store', async () => {
    const { clock, chaos, store, failing, ask } = setup();
    failing('hang');
    const outcomes: Promise<string>[] = [];
    for (let i = 0; i < 10_000; i++) {
      outcomes.push(ask());
      if (i % 100 === 99) await clock.advanceAsync(i % 1000 === 999 ? 600 : 1);
    }
    await clock.advanceAsync(50);
    const settled = await Promise.all(outcomes);
    expect(settled.length).toBe(10_000);
    expect(settled).toContain('ERR_CACHE_STORE_BUSY');
    expect(settled).toContain('ERR_CACHE_STORE_OPEN');
    expect(chaos.calls.length).toBeLessThanOrEqual(256);
    expect(store.health().outstanding).toBe(chaos.calls.length);
    expect(clock.pendingTimers).toBe(0);
  });

  it('gives a place back when the operation settles, however late', async () => {
    const { clock, chaos, store, failing, ask } = setup({ bulkhead: 2, breaker: { failures: 100 } });
    failing('late');
    const late = [ask(), ask()];
    expect(await ask()).toBe('ERR_CACHE_STORE_BUSY');
    await expect(store.set('k', bytes, 1)).rejects.toBeInstanceOf(StoreBusyError);
    await clock.advanceAsync(50);
    await Promise.all(late);
    expect(await ask()).toBe('ERR_CACHE_STORE_BUSY');
    expect(store.health()).toEqual({ state: 'up', outstanding: 2, failures: 5 });
    chaos.release();
    failing(undefined);
    await clock.advanceAsync(0);
    expect(await ask()).toBe('ok');
    expect(store.health().outstanding).toBe(0);
  });
});

describe('a store that is closed', () => {
  it('does not tell of what that cut off, nor is it asked any more', async () => {
    const { store, chaos, reported, ask, clock } = setup();
    chaos.fault = (operation) => (operation === 'getMany' ? 'hang' : undefined);
    const cutOff = ask();
    await store.close();
    await clock.advanceAsync(50);
    expect(await cutOff).toBe('ERR_CACHE_STORE_TIMEOUT');
    expect(await ask()).toBe('ERR_CACHE_STORE_OPEN');
    expect([reported, chaos.calls.map(({ operation }) => operation)]).toEqual([[], ['getMany']]);
  });
});
