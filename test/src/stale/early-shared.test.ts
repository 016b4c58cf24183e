import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { type Cache, type Consistency, view } from '@viewcache/core';
import { type CachePageOptions, cachePage } from '@viewcache/express';
import express from 'express';
import { closeAfterEach, serve } from '../support/site.js';
import { openOn, servers } from '../values/stores.js';

closeAfterEach();

const shared = [
  ['Redis', servers.redis.url],
  ['Memcached', `memcached://127.0.0.1:${servers.memcached.port}`],
] as const;
const modes = shared.flatMap(([name, store]) =>
  (['bounded', 'strict'] as const).flatMap((consistency) =>
    (['background', 'leader'] as const).map((revalidate) => [name, consistency, revalidate, store] as const),
  ),
);

/** Two processes that serve the same page, each with its cache over one store; their runs are counted together. */
async function twoSites(store: string, consistency: Consistency, options: Partial<CachePageOptions>) {
  const { cache, other, jump } = await openOn(store, { consistency });
  let runs = 0;
  const seen = new Set<string>();
  const open = async (its: Cache) => {
    its.on((event) => {
      if (event.type === 'stored') for (const tag of event.tags) seen.add(tag);
    });
    const app = express();
    app.use(cachePage({ ttl: 60, earlyRefresh: 10, cache: its, ...options }));
    app.get('/', (_req, res) => {
      view().dependsOn(`run#${++runs}`);
      res.send(`run ${runs}`);
    });
    const site = await serve(app);
    return async (headers = {}) => (await site.get('/', { Host: 'site', ...headers })).text;
  };
  const [one, two] = [await open(cache), await open(await other())];
  /** Waits until the store has this run. */
  const stored = async (run: number): Promise<void> => {
    while (!seen.has(`run#${run}`)) await setImmediate();
  };
  await one();
  await stored(1);
  await forgetLeases();
  const refreshed = (): Promise<void> => stored(2);
  return { one, two, jump, refreshed, runs: () => runs };
}

/** A lease leaves a mark for a moment, by the store's own clock, and here a minute passes in less. */
async function forgetLeases(): Promise<void> {
  const { redis, memcached } = servers;
  const isLease = (key: string): boolean => key.includes(':l:');
  for (const key of ((await redis.command('KEYS', '*')) as string[]).filter(isLease)) await redis.command('DEL', key);
  for (const key of (await memcached.keys()).filter(isLease)) await memcached.command(`delete ${key}`);
}

describe.each(modes)('earlyRefresh of a view in %s (%s, %s)', (_name, consistency, revalidate, store) => {
  const way = { revalidate } as const;

  it('makes new what is near its end, though the store has it fresh', async () => {
    const { one, two, jump, refreshed, runs } = await twoSites(store, consistency, way);
    expect([await one(), await two()]).toEqual(['run 1', 'run 1']);
    jump(49_999);
    expect([await one(), await two(), runs()]).toEqual(['run 1', 'run 1', 1]);
    jump(1);
    // Who leads in front of the others is answered with what he made.
    expect(await two()).toBe(revalidate === 'leader' ? 'run 2' : 'run 1');
    await refreshed();
    expect(await two()).toBe('run 2');
    // What this one has in memory still is the first: it finds the other in the store.
    while ((await one()) !== 'run 2');
    expect(runs()).toBe(2);
    jump(49_000);
    expect([await one(), await two(), runs()]).toEqual(['run 2', 'run 2', 2]);
  });

  it('does so for the first in a process who asks, and for nobody who may not fill', async () => {
    const { one, two, jump, refreshed, runs } = await twoSites(store, consistency, way);
    jump(55_000);
    expect([await two({ Authorization: 'Bearer me' }), runs()]).toEqual(['run 1', 1]);
    expect(await two()).toBe(revalidate === 'leader' ? 'run 2' : 'run 1');
    await refreshed();
    while ((await one()) !== 'run 2');
    expect(runs()).toBe(2);
  });
});
