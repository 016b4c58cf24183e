import { setTimeout as pause } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { type Answer, AppProcess } from './app-process.js';
import type { Outage } from './outages.js';

/** What a store that hangs may cost each of the first requests: a deadline and a little. */
const EXTRA_MS = 60;
/** How long after the store's return it is used again, unless the outage says otherwise. */
const BACK_MS = 1_500;
/** What a machine with other work may add to either. */
const SLACK_MS = 900;
/** What a busy machine is given until something is so. */
const LONG_ENOUGH_MS = 60_000;
/** Less than one deadline. */
const SMALL_MS = 40;
/** While a store hangs it is asked, and waited for, no more often than this. */
const PROBE_MS = 500;
/** Between two questions whether something is so: without it they take the CPU from whatever is to make it so. */
const PAUSE_MS = 10;
/** Growth of the heap, after a collection, that is nothing's but the pages'. */
const GROWTH_BYTES = 24 * 1024 * 1024;
const PAGES = Array.from({ length: 8 }, (_, i) => `page${i}`);

/** How hard it is. */
export interface Load {
  /** One after the other. */
  readonly requests: number;
  /** At once. */
  readonly burst: number;
  readonly bursts: number;
  /** How long answers take is held against limits, too: of a machine with other work that says nothing. */
  readonly isTimed?: true;
}

/**
 * Lets a store fail under an app of two processes, and looks after everything that its visitors may expect meanwhile and
 * afterwards. Prints the figures.
 */
export async function survive(outage: Outage, load: Load): Promise<void> {
  const scene = await outage.start();
  const apps: AppProcess[] = [];
  try {
    if (outage.isAtBoot) await scene.strike();
    // L1 is asked to know better than for a millisecond: each request asks the store.
    // Where invalidations are to get through, a busy machine's store has the time to answer.
    const options = { store: scene.store, l1MaxLag: 0, ...(outage.isHeard ? { deadline: '5s' } : {}) } as const;
    const start = (): Promise<AppProcess> => AppProcess.start(options);
    apps.push(...(await Promise.all([start(), start()])));
    const [one, other] = apps as [AppProcess, AppProcess];
    if (!outage.isAtBoot) {
      await Promise.all(apps.map((app) => app.told('ready')));
      for (const page of PAGES) for (const app of apps) await untilHit(app, page);
      await scene.strike();
    }
    const { heapBytes } = await one.report();

    // One that is held and two that are not: what each of them may lose to the store.
    const first = [];
    for (const page of ['page0', 'first', 'second']) first.push(await one.get(`/pages/${page}`));
    const later: Answer[] = [];
    const before = await one.report();
    const loadedAt = performance.now();
    for (let i = 0; i < load.requests; i++)
      later.push(await one.get(`/pages/${i % 3 > 0 ? `later${i}` : PAGES[i % 8]}`));
    for (const answer of [...first, ...later]) expect(answer).toMatchObject({ status: 200 });
    // On a machine with other work a percentile says little: how often the store was waited for in vain says it all.
    const { timeouts } = await one.report();
    expect(timeouts - before.timeouts).toBeLessThanOrEqual(
      scene.servers * (3 + (performance.now() - loadedAt) / PROBE_MS),
    );

    // The data changes, and only one process is told.
    for (const page of PAGES) for (const app of apps) await app.write(page, 1);
    const durable = await one.invalidate(PAGES);
    for (const [i, page] of PAGES.entries()) {
      expect((await one.get(`/pages/${page}`)).body).toBe(`${page} 1`);
      if (durable[i]) expect((await other.get(`/pages/${page}`)).body).toBe(`${page} 1`);
    }
    // Of several servers, which of them has a page is chance.
    if (!outage.isPartial) expect(durable).toEqual(PAGES.map(() => outage.isHeard === true));

    for (let round = 0; round < load.bursts; round++) {
      const names = Array.from({ length: load.burst }, (_, i) => `burst${round}-${i}`);
      const answers = await Promise.all(names.map((name) => one.get(`/pages/${name}`)));
      expect(answers.map(({ status, body }) => `${status} ${body}`)).toEqual(names.map((name) => `200 ${name} 0`));
    }
    const during = await one.report();
    expect(during.peakOutstanding).toBeLessThanOrEqual(scene.servers * 256);
    expect(during.heapBytes - heapBytes).toBeLessThan(GROWTH_BYTES);
    expect(during.unheard > 0).toBe(durable.includes(false));

    await scene.mend();
    const mendedAt = performance.now();
    const backMs = await untilShared(one, other, mendedAt);
    if (durable.includes(false)) await one.told('drained');
    const drainedMs = performance.now() - mendedAt;
    for (const page of PAGES) expect((await other.get(`/pages/${page}`)).body).toBe(`${page} 1`);
    // On a busy machine one of them may have found the store too slow once more.
    for (const app of apps)
      while ((await app.report()).shared !== 'up') await Promise.all([app.get('/pages/page0'), pause(PAUSE_MS)]);
    const after = await Promise.all(apps.map((app) => app.report()));
    expect(after.map(({ rejections, shared, unheard }) => ({ rejections, shared, unheard }))).toEqual(
      apps.map(() => ({ rejections: [], shared: 'up', unheard: 0 })),
    );

    const figures = {
      firstMs: first.map(({ ms }) => Math.round(ms)).join(' '),
      p50: at(later, 0.5),
      p99: at(later, 0.99),
      max: at(later, 1),
      outstanding: during.peakOutstanding,
      storeErrors: during.storeErrors,
      timeouts,
      heapMB: Number(((during.heapBytes - heapBytes) / 2 ** 20).toFixed(1)),
      backMs: Math.round(backMs),
      drainedMs: Math.round(drainedMs),
    };
    process.stdout.write(`a store that ${outage.name}: ${JSON.stringify(figures)}\n`);
    if (load.isTimed !== true) return;
    for (const { ms } of first) expect(ms).toBeLessThan(EXTRA_MS + SLACK_MS);
    expect(figures.p50).toBeLessThan(SMALL_MS);
    expect(backMs).toBeLessThan((outage.backMs ?? BACK_MS) + SLACK_MS);
  } finally {
    await Promise.all(apps.map((app) => app.kill()));
    await scene.stop();
  }
}

/** What is answered is stored afterwards. */
async function untilHit(app: AppProcess, page: string): Promise<void> {
  const from = performance.now();
  while (performance.now() - from < LONG_ENOUGH_MS) if ((await app.get(`/pages/${page}`)).isHit) return;
  throw new Error(`${page} is not stored`);
}

/** Until one process is answered with what another one has just made. */
async function untilShared(one: AppProcess, other: AppProcess, from: number): Promise<number> {
  for (let i = 0; performance.now() - from < LONG_ENOUGH_MS; i++) {
    await one.get(`/pages/back${i}`);
    if ((await other.get(`/pages/back${i}`)).isHit) return performance.now() - from;
    await pause(PAUSE_MS);
  }
  throw new Error('nothing is shared');
}

function at(answers: readonly Answer[], share: number): number {
  const sorted = answers.map(({ ms }) => ms).sort((a, b) => a - b);
  return Number((sorted[Math.ceil(sorted.length * share) - 1] ?? 0).toFixed(1));
}
