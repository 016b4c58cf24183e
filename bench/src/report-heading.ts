import type { RunOptions } from './run.js';
import type { Suite } from './scenarios.js';

/** What the heading of a report says about the run. */
export interface Circumstances extends RunOptions {
  suite: Suite;
  date: Date;
  machine: string;
  load: string;
  /** The load kept the servers busy, so that an idle one was disturbed. */
  saturated: boolean;
  pinned: boolean;
  /** The version of the Redis behind some of the candidates. */
  redis?: string;
}

const TITLES: Readonly<Record<Suite, string>> = {
  http: 'HTTP: the cost of a hit and of a miss',
  shared: 'Shared stores: the cost of a hit',
  nest: 'NestJS: the cost of a hit',
};

const ON_EXPRESS = `The handler sends an object
from memory with \`res.json\`, so bare Express is the cheapest uncached route there can be. Express ran with
\`x-powered-by\` off unless said otherwise, and with \`NODE_ENV=production\`.`;

const ON_NEST = `The handler returns an object
from memory, so bare Nest is the cheapest uncached route there can be. Express ran with \`x-powered-by\` off, and all of them
with \`NODE_ENV=production\`.

Nest 12.5, and in every app one guard that lets everybody through: it ran on every request, but for the rows with
\`beforeGuards\`, where it ran on no hit. CacheInterceptor is that of @nestjs/cache-manager 12.0.0 with its memory store, as its
documentation sets it up. A raw \`node:http\` server that writes the same bytes is the ceiling.`;

/** What stands above the tables of a run. */
export function heading(circumstances: Circumstances): string {
  const { suite, date, machine, load, pinned, rounds, seconds, redis } = circumstances;
  return `# ${TITLES[suite]}

Server CPU time per request (user and system time of the server process, divided by its requests), from one interleaved
run: ${rounds} rounds, in each of them a window of ${seconds} s for every row. Each row is a process of its own on
loopback${pinned ? ', pinned to one core; the load comes from another core' : '; nothing was pinned to a core'}, by ${load} over 64 connections.
The figures are medians; a comparison is the median of the comparisons within each round. ${suite === 'nest' ? ON_NEST : ON_EXPRESS}${redis === undefined ? '' : `\n\n${aboutRedis(redis, pinned)}`}

${date.toISOString().slice(0, 10)} · ${machine}`;
}

function aboutRedis(version: string, pinned: boolean): string {
  return `Redis ${version} ran on loopback${pinned ? ", on the load's core" : ''}; its own CPU time is not in the figures, that of asking it is. Where one
URL is asked for all the time, a cache that lets requests at the same time share one question asks less often than once per
request; with URLs in turn no two requests at the same time ask for the same. The last column of figures says how often
Redis was asked. bentocache and cacheable keep objects, which their handlers send with \`res.json\`; all peers ran as their
documentation sets them up.`;
}
