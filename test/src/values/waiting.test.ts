import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { type ProducerRun, ValueTimeoutError, view } from '@viewcache/core';
import { errorOf, openMemory, servers, until } from './stores.js';

const run = promisify(execFile);
const script = fileURLToPath(new URL('./short-values.js', import.meta.url));

describe('who would wait for each other', () => {
  it('two producers that need each other: one of them runs apart', async () => {
    const { cache, events } = await openMemory();
    const runs = { a: 0, b: 0 };
    const begun = () => until(() => runs.a > 0 && runs.b > 0);
    const a = (): Promise<string> =>
      cache.getOrSet('a', async () => {
        if (++runs.a > 1) return 'a';
        await begun();
        return `a${await b()}`;
      });
    const b = (): Promise<string> =>
      cache.getOrSet('b', async () => {
        if (++runs.b > 1) return 'b';
        await begun();
        return `b${await a()}`;
      });
    const [one, other] = await Promise.all([a(), b()]);
    expect([one, other].sort()).toEqual(runs.a === 2 ? ['aba', 'ba'] : ['ab', 'bab']);
    expect(events).toContainEqual(expect.objectContaining({ type: 'bypass', reason: 'recursion' }));
  });

  it('three of them, the third of which came to it by another value', async () => {
    const { cache } = await openMemory();
    let begun = 0;
    const needs = (name: string, next: () => Promise<unknown>): (() => Promise<unknown>) => {
      let runs = 0;
      return () =>
        cache.getOrSet(name, async () => {
          if (++runs > 1) return name;
          begun++;
          await until(() => begun === 3);
          return await next();
        });
    };
    const c: () => Promise<unknown> = needs('c', () => cache.getOrSet('inner', () => a()));
    const b = needs('b', () => c());
    const a = needs('a', () => b());
    expect(await Promise.all([a(), b(), c()])).toHaveLength(3);
  });

  it('who needs what another one makes, that does not need him, waits for it', async () => {
    const { cache, events } = await openMemory();
    let runs = 0;
    const shared = () =>
      cache.getOrSet('shared', async () => {
        runs++;
        await until(() => events.length > 0);
        return 1;
      });
    await Promise.all([cache.getOrSet('a', shared), cache.getOrSet('b', shared)]);
    expect(runs).toBe(1);
  });

  it('a loader makes each of its keys, and all of them are made of what it has used', async () => {
    const { cache } = await openMemory();
    const load = async (keys: readonly string[]) => {
      view().dependsOn('said');
      const part = await cache.getOrSet('part', () => 'p', 60);
      const own = await cache.getOrSet('two', () => 'own', 60);
      return new Map(keys.map((key) => [key, key + part + own]));
    };
    const found = await cache.getOrSetMany(['one', 'two'], load, 60);
    expect([...found.values()]).toEqual(['onepown', 'twopown']);
    expect([...(await cache.getMany(['one', 'two'])).keys()]).toEqual(['one', 'two']);
    await cache.invalidate({ tags: 'said' });
    expect((await cache.getMany(['one', 'two'])).size).toBe(0);
    await cache.getOrSetMany(['one', 'two'], load, 60);
    await cache.delete('part');
    expect((await cache.getMany(['one', 'two'])).size).toBe(0);
  });
});

describe('hardTimeout', () => {
  const never = () => new Promise<never>(() => {});

  it('holds where the store is off', async () => {
    const { cache, clock } = await openMemory({ store: 'off:' });
    const asked = errorOf(cache.getOrSet('k', never, { ttl: 60, hardTimeout: 1 }));
    clock.advance(1_000);
    expect(await asked).toBeInstanceOf(ValueTimeoutError);
  });

  it('holds for a producer that runs apart', async () => {
    const { cache, clock } = await openMemory();
    let hasRun = false;
    const inner = (): Promise<never> => {
      hasRun = true;
      return never();
    };
    const asked = errorOf(cache.getOrSet('k', () => cache.getOrSet('k', inner, { ttl: 60, hardTimeout: 1 }), 60));
    await until(() => hasRun);
    clock.advance(1_000);
    expect(await asked).toBeInstanceOf(ValueTimeoutError);
  });
});

describe('the signal of a run', () => {
  /** A producer that goes on until it is told to stop, and then does. */
  const stoppable = (signals: AbortSignal[]) => (run: ProducerRun) => {
    signals.push(run.signal);
    return new Promise<string>((_, reject) =>
      run.signal.addEventListener('abort', () => reject(run.signal.reason as Error)),
    );
  };

  it('is aborted when a run is given up whose caller has gone, and that it stops is no failure', async () => {
    const { cache, clock, events, warnings } = await openMemory();
    const signals: AbortSignal[] = [];
    const options = { ttl: 60, hardTimeout: 1, refreshTimeout: 5, cacheErrors: 60, name: 'slow' };
    const asked = errorOf(cache.getOrSet('k', stoppable(signals), options));
    clock.advance(1_000);
    expect(await asked).toBeInstanceOf(ValueTimeoutError);
    // What it makes would be stored: it is for whoever asks next.
    clock.advance(4_999);
    expect(signals[0]?.aborted).toBe(false);
    clock.advance(1);
    expect(signals[0]?.reason).toMatchObject({ code: 'ERR_CACHE_VALUE_TIMEOUT', route: 'slow', timeoutMs: 5_000 });
    expect(await cache.getOrSet('k', () => 'next', options)).toBe('next');
    expect(events.flatMap((event) => (event.type === 'refused' ? [event.reason] : []))).toEqual(['aborted']);
    expect(warnings()).toEqual([]);
  });

  it('is aborted when a refresh is given up, and not where all goes well', async () => {
    const { cache, clock } = await openMemory();
    const signals: AbortSignal[] = [];
    const options = { ttl: 10, staleWhileRevalidate: 600, refreshTimeout: 5 };
    await cache.getOrSet('k', ({ signal }) => signals.push(signal), options);
    clock.advance(10_000);
    await cache.getOrSet('k', stoppable(signals) as () => never, options);
    await until(() => signals.length === 2);
    clock.advance(5_000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, true]);
  });

  it('is aborted at once where nothing is stored of what is made, also for who asks for it afterwards', async () => {
    const { cache, clock } = await openMemory({ store: 'off:' });
    let run: ProducerRun | undefined;
    const keep = (told: ProducerRun) => {
      run = told;
      return new Promise<never>(() => {});
    };
    const asked = errorOf(cache.getOrSet('k', keep, { ttl: 60, hardTimeout: 1 }));
    clock.advance(1_000);
    expect(run?.signal.reason).toBe(await asked);
  });
});

describe('a process that has nothing but a cache', () => {
  it.each(['hard', 'soft', 'many', 'memoized', 'joined'])(
    'is kept for as long as somebody waits (%s)',
    async (what) => {
      expect((await run(process.execPath, [script, 'memory:', what])).stdout).toMatch(/^(timeout|old)$/);
    },
  );

  it('is kept while the store is asked and told', async () => {
    expect((await run(process.execPath, [script, servers.redis.url, 'made'])).stdout).toBe('made');
  });

  it('is not kept for a producer, which would have to do that itself', async () => {
    // 13: Node found nothing left to do in the middle of an await.
    const ended = await errorOf(run(process.execPath, [script, servers.redis.url, 'hangs'], { timeout: 20_000 }));
    expect(ended).toMatchObject({ code: 13 });
  });
});
