import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Answer, Question } from '../messages.js';
import { isSize, type Size } from '../payload.js';

/** What a candidate can tell of itself while it is measured. */
export interface Counters {
  handlerRuns(): number;
  guardRuns?(): number;
  entries?(): number;
}

/** The size of body this candidate was started for: its first argument. */
export function sizeFromArguments(): Size {
  const size = process.argv[2];
  if (!isSize(size)) throw new Error(`The first argument must be 2k or 50k, not ${String(size)}`);
  return size;
}

/** The Redis this candidate may fill: its second argument. */
export function redisUrlFromArguments(): string {
  const url = process.argv[3];
  if (url === undefined) throw new Error('The second argument must be the URL of a Redis');
  return url;
}

/**
 * Listens on a free loopback port and answers the bench's questions.
 *
 * The process measures itself: `process.cpuUsage()` is its own utime and stime on every platform.
 */
export function serve(server: Server, counters: Counters): void {
  if (!process.send) throw new Error('A candidate is started by the bench, which measures it');
  process.on('message', (question: Question) => {
    if (question === 'sample') tell(sample(counters));
  });
  process.on('disconnect', () => process.exit());
  server.listen(0, '127.0.0.1', () => {
    tell({ kind: 'ready', port: (server.address() as AddressInfo).port, node: process.version });
  });
}

function sample(counters: Counters): Answer {
  const { user, system } = process.cpuUsage();
  const guardRuns = counters.guardRuns?.();
  const entries = counters.entries?.();
  return {
    kind: 'sample',
    cpuMicros: user + system,
    handlerRuns: counters.handlerRuns(),
    ...(guardRuns !== undefined && { guardRuns }),
    ...(entries !== undefined && { entries }),
  };
}

function tell(answer: Answer): void {
  process.send?.(answer);
}
