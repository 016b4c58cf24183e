import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CacheOptions } from '@viewcache/core';
import { emptyRows } from './data-file.js';
import { judge, type Verdict } from './judge.js';
import type { Orders, Report } from './orders.js';

/** What each process does: pages, or values by themselves and within each other. */
type Program = 'member' | 'values-member';
/** Wall clocks that disagree by half an hour. */
const SKEWS = [0, -15 * 60_000, 15 * 60_000, -40];
const ROWS = 20;

/** How a fleet is run. */
export interface Plan {
  readonly cache: CacheOptions;
  /** @defaultValue `member` */
  readonly program?: Program;
  /** It goes on until so many requests have been answered, as far as can be told from outside: for so long. */
  readonly durationMs: number;
  readonly members?: number;
  /** Of the whole fleet. */
  readonly writesPerSecond?: number;
  readonly readers?: number;
  readonly handlerMs?: number;
  readonly confirm?: 'store' | 'all';
  readonly plainKeyv?: string;
  readonly double?: { readonly name: string; readonly redisPort: number };
  /** What goes wrong meanwhile: called again and again, every so many milliseconds. */
  readonly fault?: { readonly everyMs: number; strike(turn: number): Promise<unknown> };
}

/**
 * Runs processes with clocks of their own over one store and one data source, and judges what they answered.
 *
 * They read and write as fast as the plan says for as long as it says; which interleavings that brings is chance, so the
 * wrong doubles show that it brings those that matter.
 */
export async function runFleet(plan: Plan): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), 'viewcache-fleet-'));
  const data = join(folder, 'rows');
  writeFileSync(data, emptyRows(ROWS));
  const { members = 4, program = 'member' } = plan;
  const path = fileURLToPath(new URL(`${program}.js`, import.meta.url));
  const children = Array.from({ length: members }, () => fork(path, [], { stdio: 'inherit' }));
  try {
    await Promise.all(children.map((child, i) => begin(child, ordersOf(plan, i, members, data))));
    for (const child of children) child.send('go');
    await meanwhile(plan);
    return judge(await Promise.all(children.map(end)));
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
}

function ordersOf(plan: Plan, index: number, members: number, data: string): Orders {
  const { cache, writesPerSecond = 400, readers = 3, handlerMs = 12, confirm = 'store', plainKeyv, double } = plan;
  // The first two write.
  const writes = index < 2 ? Array.from({ length: ROWS }, (_, row) => row).filter((row) => row % 2 === index) : [];
  return {
    cache,
    data,
    rows: ROWS,
    writes,
    writesPerSecond: writesPerSecond / Math.min(2, members),
    readers,
    skewMs: SKEWS[index % SKEWS.length] ?? 0,
    handlerMs,
    confirm,
    ...(plainKeyv === undefined ? {} : { plainKeyv }),
    ...(double === undefined ? {} : { double: double.name, redisPort: double.redisPort }),
  };
}

async function begin(child: ChildProcess, orders: Orders): Promise<void> {
  const ready = messageOf(child);
  child.send(orders);
  await ready;
}

/** What it says next. */
async function messageOf(child: ChildProcess): Promise<unknown> {
  const ended = new AbortController();
  try {
    return await Promise.race([
      once(child, 'message', ended).then(([message]) => message),
      once(child, 'disconnect', ended).then(() => {
        throw new Error('a process of the fleet has ended before it was told to');
      }),
    ]);
  } finally {
    ended.abort();
  }
}

/** The length of a run is its size: this waits for no event. */
async function meanwhile({ durationMs, fault }: Plan): Promise<void> {
  const until = performance.now() + durationMs;
  for (let turn = 0; performance.now() < until; turn++) {
    await sleep(Math.min(fault?.everyMs ?? durationMs, Math.max(0, until - performance.now())));
    if (fault !== undefined && performance.now() < until) await fault.strike(turn);
  }
}

async function end(child: ChildProcess): Promise<Report> {
  const report = messageOf(child);
  child.send('stop');
  return (await report) as Report;
}
