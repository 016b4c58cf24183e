import type { Report } from './orders.js';

/** What a run comes to. */
export interface Verdict {
  readonly reads: number;
  readonly writes: number;
  /** Answers older than an invalidation that had resolved before the request began. */
  readonly stale: number;
  /** How long after that invalidation the request began, for each such answer, in order. */
  readonly lagsMs: readonly number[];
  readonly hitRatio: number;
  readonly failures: number;
  readonly unheard: number;
  readonly rejections: readonly string[];
  readonly outcomes: Readonly<Record<string, number>>;
}

/** A version of a row, and when nothing older might be answered any more. */
interface Resolved {
  readonly version: number;
  readonly at: number;
}

/** Holds what was answered against what had been invalidated, by the one clock of the machine. */
export function judge(reports: readonly Report[]): Verdict {
  const rows = new Map<number, Resolved[]>();
  for (const { writes } of reports)
    for (let i = 0; i < writes.length; i += 3) {
      const [row = 0, version = 0, at = 0] = writes.slice(i, i + 3);
      const list = rows.get(row) ?? [];
      list.push({ version, at });
      rows.set(row, list);
    }
  for (const list of rows.values()) list.sort((a, b) => a.version - b.version);
  const lags: number[] = [];
  let reads = 0;
  let hits = 0;
  for (const report of reports) {
    hits += report.hits;
    for (let i = 0; i < report.reads.length; i += 3) {
      reads++;
      const [row = 0, startedAt = 0, version = 0] = report.reads.slice(i, i + 3);
      const lag = lagOf(rows.get(row) ?? [], startedAt, version);
      if (lag > 0) lags.push(lag);
    }
  }
  lags.sort((a, b) => a - b);
  return {
    reads,
    writes: reports.reduce((sum, { writes }) => sum + writes.length / 3, 0),
    stale: lags.length,
    lagsMs: lags,
    hitRatio: reads === 0 ? 0 : hits / reads,
    failures: sum(reports, ({ failures }) => failures),
    unheard: sum(reports, ({ unheard }) => unheard),
    rejections: reports.flatMap(({ rejections }) => rejections),
    outcomes: added(reports.map(({ outcomes }) => outcomes)),
  };
}

/** How long ago the first invalidation had resolved that the answer does not know of; 0 where it knows of all. */
function lagOf(list: readonly Resolved[], startedAt: number, version: number): number {
  // The first version that is newer than the answer: those after it may have resolved before it.
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle]?.version ?? 0) <= version) low = middle + 1;
    else high = middle;
  }
  let lag = 0;
  for (const { at } of list.slice(low)) lag = Math.max(lag, startedAt - at);
  return lag;
}

function added(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const all: Record<string, number> = {};
  for (const count of counts) for (const [name, value] of Object.entries(count)) all[name] = (all[name] ?? 0) + value;
  return all;
}

function sum(reports: readonly Report[], of: (report: Report) => number): number {
  return reports.reduce((total, report) => total + of(report), 0);
}

/** A quantile of sorted numbers; 0 of none. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
