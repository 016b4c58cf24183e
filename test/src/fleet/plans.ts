import type { CacheOptions } from '@viewcache/core';
import { runFleet } from './fleet.js';
import { quantile, type Verdict } from './judge.js';

/** How far L1 may lag in these runs. */
const LAG_MS = 300;

/** One way to run a cache over a shared store. */
export interface Mode {
  readonly name: string;
  readonly cache: CacheOptions;
  readonly confirm?: 'all';
  /** How old an answer may be, in milliseconds after the invalidation had resolved. */
  readonly mayLagMs: number;
}

/** What must hold in each of them, over a store by its URL. */
export function modesOf(store: NonNullable<CacheOptions['store']>): readonly Mode[] {
  const cache = { store, l1MaxLag: `${LAG_MS}ms`, deadline: '1s' } as const;
  return [
    { name: 'strict', cache: { ...cache, consistency: 'strict' }, mayLagMs: 0 },
    { name: 'bounded', cache, mayLagMs: LAG_MS },
    { name: 'bounded, confirmed by all', cache, confirm: 'all', mayLagMs: 0 },
  ];
}

/** Runs a fleet in one mode, and says in one line what came of it. */
export async function runMode(mode: Mode, durationMs: number, more: Partial<Parameters<typeof runFleet>[0]> = {}) {
  const namespace = `fleet-${Math.random().toString(36).slice(2, 8)}`;
  const verdict = await runFleet({
    cache: { ...mode.cache, namespace },
    durationMs,
    ...(mode.confirm === undefined ? {} : { confirm: mode.confirm }),
    ...more,
  });
  return { ...verdict, summary: lineOf(mode.name, verdict) };
}

function lineOf(name: string, { reads, writes, stale, lagsMs, hitRatio, unheard, failures }: Verdict): string {
  const [p50, p99, most] = [0.5, 0.99, 1].map((share) => quantile(lagsMs, share).toFixed(0));
  const lags = lagsMs.length === 0 ? '' : ` (lag p50 ${p50}, p99 ${p99}, max ${most} ms)`;
  return `${name}: ${reads} reads, ${writes} writes, hits ${(hitRatio * 100).toFixed(1)} %, older ${stale}${lags}, unheard ${unheard}, failed ${failures}`;
}
