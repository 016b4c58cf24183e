import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import { type Cache, type CacheEvent, ConfigError, calls, defaultCache, setDefaultCache } from '@viewcache/core';
import { runtimeOf } from '@viewcache/core/node';
import { FakeClock } from '@viewcache/core/testing';
import { cachePage, createServer } from '@viewcache/express';
import express from 'express';
import { closeAfterEach, makeCache, serve } from '../support/site.js';

closeAfterEach();

/** Resolves when so many events of a type have come. */
function next(cache: Cache, type: CacheEvent['type'], count = 1): Promise<CacheEvent> {
  return new Promise((resolve) => {
    let left = count;
    const stop = cache.on((event) => {
      if (event.type !== type || --left > 0) return;
      stop();
      resolve(event);
    });
  });
}
/** Everything that was begun has had its turn on the loop. */
const settled = async () => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};

function start() {
  const clock = new FakeClock();
  const cache = makeCache({ clock });
  const ran: string[] = [];
  const rateOf = cache.memoize(
    async (currency: string) => {
      ran.push(currency);
      return ran.length;
    },
    { name: 'rateOf', ttl: '1h', tags: (_rate, currency) => ['rates', `rates#${currency}`] },
  );
  return { clock, cache, ran, rateOf };
}

describe('warming after an invalidation', () => {
  it('makes calls of a memoized function anew that tags have dropped, and no others', async () => {
    const { clock, cache, ran, rateOf } = start();
    cache.warmAfter('rates', calls(rateOf, [['EUR'], ['USD']]));
    await Promise.all([rateOf('EUR'), rateOf('USD'), rateOf('CHF')]);
    ran.length = 0;
    const origin = { source: 'db', statement: 'UPDATE rates SET rate = $1' };
    await runtimeOf(cache)?.invalidateFrom({ tags: 'rates#USD' }, 'hard', origin, 0);
    const stored = next(cache, 'stored');
    clock.advance(999);
    await settled();
    expect(ran).toEqual([]);
    clock.advance(1);
    await stored;
    expect(ran).toEqual(['USD']);
    await cache.invalidate({ tags: 'cities' });
    clock.advance('1m');
    await settled();
    expect(ran).toEqual(['USD']);
    const both = next(cache, 'stored', 2);
    await cache.invalidate({ all: true });
    clock.advance('1s');
    await both;
    expect(ran).toEqual(['USD', 'EUR', 'USD']);
  });

  it('takes a function for its source, and URLs', async () => {
    const { clock, cache } = start();
    const app = express();
    app.get('/rates', cachePage({ ttl: '1h', cache, tags: () => ['rates'] }), (_req, res) => void res.send('rates'));
    const server = createServer(app);
    const origin = 'http://www.example.com';
    let asked = 0;
    const source = () => {
      asked++;
      return ['/rates'];
    };
    cache.warmAfter(['prices', 'rates'], source, { origin, server });
    const stored = next(cache, 'stored');
    await cache.invalidate({ tags: 'prices' });
    clock.advance('1s');
    await stored;
    const site = await serve(server);
    expect(await site.get('/rates', { host: 'www.example.com' })).toMatchObject({ isHit: true });
    expect(asked).toBe(1);
  });

  it('keeps two that wait for the same from leaving one another out', async () => {
    const { clock, cache, ran, rateOf } = start();
    cache.warmAfter('rates', calls(rateOf, [['EUR']]));
    cache.warmAfter('rates', calls(rateOf, [['USD']]));
    const stored = next(cache, 'stored', 2);
    await cache.invalidate({ tags: 'rates' });
    clock.advance('1s');
    await stored;
    expect(ran.sort()).toEqual(['EUR', 'USD']);
  });

  it('does not go round in circles where what is warmed invalidates', async () => {
    const { clock, cache } = start();
    let runs = 0;
    const counted = cache.memoize(
      async () => {
        runs++;
        await cache.invalidate({ tags: 'counts' });
        return runs;
      },
      { name: 'counted', ttl: '1h', tags: ['counts'] },
    );
    cache.warmAfter('counts', calls(counted, [[]]));
    const warned = next(cache, 'warning');
    await cache.invalidate({ tags: 'counts' });
    clock.advance('1s');
    expect(await warned).toMatchObject({
      message: "warmAfter('counts'): 1 of 1 are no hit now: counted() (invalidated)",
    });
    clock.advance('1m');
    await settled();
    expect(runs).toBe(1);
  });

  it('is later and later where what is warmed invalidates when it is over, until somebody asks for it', async () => {
    const { clock, cache } = start();
    const ranAt: number[] = [];
    const warnings: string[] = [];
    cache.on((event) => void (event.type === 'warning' && warnings.push(event.message)));
    const began = clock.monotonic();
    // Each writes what the other one reads, at its own time.
    const counter = (name: string, other: string, afterMs: number) =>
      cache.memoize(
        async () => {
          ranAt.push((clock.monotonic() - began) / 1_000);
          clock.after(afterMs, () => void cache.invalidate({ tags: `counts#${other}` }));
          return name;
        },
        { name, ttl: '1h', tags: [`counts#${name}`] },
      );
    const [a, b] = [counter('a', 'b', 50), counter('b', 'a', 1_500)];
    cache.warmAfter('counts', calls(a, [[]]));
    cache.warmAfter('counts', calls(b, [[]]));
    const pass = async (seconds: number): Promise<void> => {
      for (let i = 0; i < seconds * 20; i++) {
        clock.advance(50);
        await settled();
      }
    };
    // What warms is loaded when it is first wanted.
    await cache.warm(calls(a, []));
    await a();
    await pass(130);
    const runs = ranAt.length;
    expect(runs).toBeLessThan(30);
    expect(warnings).toContain(
      "warmAfter('counts'): it was invalidated again after each of 4 times that it was made new, and no visitor has asked for it meanwhile: it is made new later and later until one does; what is warmed may write what it reads",
    );
    await Promise.all([a(), b()]);
    await cache.invalidate({ tags: 'counts' });
    await pass(2);
    expect(ranAt.length).toBeGreaterThan(runs);
  });

  it('says what goes wrong, ends with what it returned, and with the cache', async () => {
    const { clock, cache, ran, rateOf } = start();
    let fails = true;
    const stop = cache.warmAfter('rates', () => {
      if (fails) throw new Error('no list');
      return calls(rateOf, [['EUR']]);
    });
    const warned = next(cache, 'warning');
    await cache.invalidate({ tags: 'rates' });
    clock.advance('1s');
    expect(await warned).toMatchObject({ message: "warmAfter('rates'): no list" });
    fails = false;
    await cache.invalidate({ tags: 'rates' });
    stop();
    clock.advance('1m');
    cache.warmAfter('rates', calls(rateOf, [['EUR']]));
    await cache.invalidate({ tags: 'rates' });
    await cache.close();
    clock.advance('1m');
    await settled();
    expect(ran).toEqual([]);
  });

  it('is nothing of whoever has written: neither of views nor of calls', async () => {
    const { clock, cache } = start();
    const user = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const load = cache.memoize(
      async () => {
        seen.push(user.getStore());
        return 1;
      },
      { name: 'load', ttl: '1h', tags: ['rates'] },
    );
    const app = express();
    app.get('/rates', cachePage({ ttl: '1h', cache, tags: () => ['rates'] }), (_req, res) => {
      seen.push(user.getStore());
      res.send('rates');
    });
    const site = await serve(createServer(app));
    await site.get('/rates');
    await load();
    cache.warmAfter('rates', () => {
      seen.push(user.getStore());
      return calls(load, [[]]);
    });
    seen.length = 0;
    const stored = next(cache, 'stored', 2);
    await user.run('who writes', async () => {
      await cache.invalidate({ tags: 'rates' }, { rewarm: true });
      clock.advance('1s');
    });
    await stored;
    expect(seen).toEqual([undefined, undefined, undefined]);
  });

  it('is of the default cache, too', async () => {
    const { clock, cache, ran, rateOf } = start();
    setDefaultCache(cache);
    defaultCache().warmAfter('rates', calls(rateOf, [['EUR']]));
    const stored = next(cache, 'stored');
    await cache.invalidate({ tags: 'rates' });
    clock.advance('1s');
    await stored;
    expect(ran).toEqual(['EUR']);
  });

  it.each<[string, unknown[], string]>([
    ['no tag', ['', []], 'warmAfter'],
    ['an empty list', [[], []], 'warmAfter'],
    ['no source', ['rates'], 'warmAfter.source'],
    ['a text for URLs', ['rates', '/'], 'warmAfter.source'],
    ['URLs without an origin', ['rates', ['/']], 'warmAfter.origin'],
    ['a wrong option', ['rates', () => ['/'], { rate: 0 }], 'warmAfter.rate'],
  ])('refuses %s', (_what, given, setting) => {
    const { cache } = start();
    const add = () => cache.warmAfter(...(given as Parameters<Cache['warmAfter']>));
    expect(add).toThrow(ConfigError);
    expect(add).toThrow(new RegExp(`^${setting}: `));
  });
});
