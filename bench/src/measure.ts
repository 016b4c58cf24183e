import { CANDIDATES } from './candidates.js';
import type { LoadGenerator, LoadTask } from './load/load.js';
import type { Pinning } from './pinning.js';
import type { BenchRedis } from './redis.js';
import type { Row } from './scenarios.js';
import type { CandidateServer } from './server.js';
import { PATH, verifyWindow } from './verify.js';

/**
 * A loaded server that ran for less than this share of a window had to wait for others: for its core, or for a load
 * process that waited for its own. Cold processor caches then make it look dearer than it is.
 */
export const QUIET = 0.85;
const TRIES = 4;

/** One measured window of one row. */
export interface Window {
  /** CPU time of the server process per request, in microseconds. */
  micros: number;
  requests: number;
  requestsPerSecond: number;
  /** The share of the window in which the server ran. */
  busy: number;
  /** What Redis was asked per request, where there is one. */
  redisCommands?: number;
}

/** What stays the same over a whole run. */
export interface Bench {
  load: LoadGenerator;
  pinning: Pinning | undefined;
  /** The Redis of the candidates that cache in one. */
  redis: BenchRedis | undefined;
}

let queries = 0;

/** Loads a server for some seconds and says what a request cost it; the quietest of a few tries on a busy machine. */
export async function measure(bench: Bench, row: Row, server: CandidateServer, seconds: number): Promise<Window> {
  const windows: Window[] = [];
  do windows.push(await measureOnce(bench, row, server, seconds));
  while (windows.length < TRIES && isDisturbed(bench, row, windows.at(-1)));
  const [quietest] = windows.filter(({ requests }) => requests > 0).sort((a, b) => b.busy - a.busy);
  if (!quietest) throw new Error(`${row.id} answered nothing in ${TRIES} windows of ${seconds} s`);
  return quietest;
}

function isDisturbed({ load }: Bench, row: Row, window: Window | undefined): boolean {
  return window === undefined || window.requests === 0 || (tellsDisturbance(load, row) && window.busy < QUIET);
}

/** Only a load that always keeps a server busy can tell that the server was kept waiting; Redis keeps it waiting by right. */
export function tellsDisturbance({ saturates }: Pick<LoadGenerator, 'saturates'>, row: Row): boolean {
  return saturates && CANDIDATES[row.candidate].redis !== 'each';
}

/** Loads a server without looking, so that its code is compiled and its store is full when it is measured. */
export async function warmUp(bench: Bench, row: Row, server: CandidateServer, seconds: number): Promise<void> {
  await bench.load.run(task(row, server, seconds));
}

async function measureOnce(bench: Bench, row: Row, server: CandidateServer, seconds: number): Promise<Window> {
  const commandsBefore = await bench.redis?.commands();
  const before = await server.sample();
  const { requests, seconds: loaded } = await bench.load.run(task(row, server, seconds));
  const after = await server.sample();
  const commandsAfter = await bench.redis?.commands();
  verifyWindow(row, requests, before, after);
  const spent = after.cpuMicros - before.cpuMicros;
  return {
    micros: spent / requests,
    requests,
    requestsPerSecond: requests / loaded,
    busy: spent / (loaded * 1e6),
    ...(commandsBefore !== undefined &&
      commandsAfter !== undefined && { redisCommands: (commandsAfter - commandsBefore) / requests }),
  };
}

function task(row: Row, server: CandidateServer, seconds: number): LoadTask {
  return {
    port: server.port,
    path: PATH,
    seconds,
    ...(row.path === 'miss' && { uniqueQuery: `${process.pid}-${++queries}` }),
    ...(row.urls !== undefined && { urls: row.urls }),
  };
}
