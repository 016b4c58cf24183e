// What a warmed URL costs, beside the miss of a visitor: npm run bench:warm
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createCache } from '@viewcache/core';
import { cachePage, createServer } from '@viewcache/express';
import express from 'express';
import { endChildren, startChild } from './children.js';
import { median } from './median.js';
import { choosePinning, describeMachine, pin, pinThisProcess } from './pinning.js';
import { makeProgress } from './progress.js';
import type { Visit } from './warm/visitors.js';
import { writeReport } from './write-report.js';

const USAGE = `npm run bench:warm -- [options]

  --quick       3 rounds, and no file written unless --out is given
  --rounds N    measured rounds (9)
  --out FILE    the Markdown table (bench/results/warm.md)
`;
const URLS = 1_000;
/** In one window: of a single one garbage collection would say how dear it was. */
const LISTS = 5;
const CONCURRENCY = 4;
/** Rounds whose code is still being compiled. */
const WARM_UPS = 5;
/** Of the CPU time that the miss of a visitor costs. */
const BOUND = 1;

type Way = 'misses' | 'warmed';

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    out: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (flags.help) process.stdout.write(USAGE);
else await run();

async function run(): Promise<void> {
  process.env['NODE_ENV'] = 'production';
  const progress = makeProgress(process.stderr);
  const rounds = Number(flags.rounds ?? (flags.quick ? 3 : 9));
  const pinning = choosePinning();
  const visitors = startChild(
    pin([process.execPath, fileURLToPath(new URL('./warm/visitors.js', import.meta.url))], pinning?.loadCore),
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  pinThisProcess(pinning?.serverCore);
  const cache = createCache();
  const app = express().disable('x-powered-by');
  app.get('/cities/:id', cachePage({ ttl: '1h', cache }), (req, res) => {
    res.json({ id: req.params.id, about: 'x'.repeat(2_000) });
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;

  const ways: Readonly<Record<Way, (urls: readonly string[]) => Promise<unknown>>> = {
    misses: async (urls) => {
      const visit: Visit = { port, urls, concurrency: CONCURRENCY };
      visitors.send(visit);
      await once(visitors, 'message');
    },
    warmed: async (urls) => await cache.warm(urls, { origin, server, concurrency: CONCURRENCY, onProgress() {} }),
  };
  let lists = 0;
  /** Microseconds of CPU time for each URL. */
  const measure = async (way: Way): Promise<number> => {
    await cache.purge({ all: true });
    const all = Array.from({ length: LISTS }, () => {
      const list = ++lists;
      return Array.from({ length: URLS }, (_, id) => `/cities/${list}-${id}`);
    });
    const { stored } = cache.stats();
    const before = process.cpuUsage();
    for (const urls of all) await ways[way](urls);
    const { user, system } = process.cpuUsage(before);
    if (cache.stats().stored - stored !== URLS * LISTS) throw new Error(`${way}: not all URLs were stored`);
    return (user + system) / (URLS * LISTS);
  };

  const figures: Record<Way, number[]> = { misses: [], warmed: [] };
  const loads: number[] = [];
  try {
    for (let warmUp = 0; warmUp < WARM_UPS; warmUp++)
      for (const way of ['misses', 'warmed'] as const) await measure(way);
    for (let round = 1; round <= rounds; round++) {
      const order: readonly Way[] = round % 2 === 1 ? ['misses', 'warmed'] : ['warmed', 'misses'];
      for (const way of order) figures[way].push(await measure(way));
      loads.push(loadavg()[0] ?? 0);
      progress.line(
        `round ${round} of ${rounds}  ${order.map((way) => `${way} ${figures[way].at(-1)?.toFixed(1)} µs`).join(', ')}`,
      );
    }
  } finally {
    endChildren();
    server.closeAllConnections();
    server.close();
    await cache.close();
  }
  const table = report(figures, rounds, loads, pinning !== undefined);
  process.stdout.write(`\n${table}`);
  const out = flags.out ?? (flags.quick ? undefined : fileURLToPath(new URL('../results/warm.md', import.meta.url)));
  writeReport(out, table, progress);
}

function report(
  { misses, warmed }: Readonly<Record<Way, readonly number[]>>,
  rounds: number,
  loads: readonly number[],
  pinned: boolean,
): string {
  const ratios = warmed.map((micros, round) => micros / (misses[round] ?? Number.NaN)).toSorted((a, b) => a - b);
  const ratio = median(ratios);
  return `# Warming: the cost of a URL

Server CPU time (user and system time of the process, divided by its URLs) of \`cache.warm\` with ${URLS.toLocaleString('en')} URLs that are not
stored, and of the same number of misses that visitors ask for over loopback, ${CONCURRENCY} at a time both${pinned ? '; the process was pinned to one core, the visitors to another' : ''}.
An app of Express under \`createServer\`, memory alone, and a handler that sends 2 KB of JSON at once. Medians of ${rounds} rounds, in each of them both in turn with ${LISTS} such lists; the comparison is the median of
those within each round, with the least and the greatest.

${new Date().toISOString().slice(0, 10)} · ${describeMachine()} · Node.js ${process.versions.node} · load average ${range(loads)}

| | CPU µs a URL | × a visitor's miss | at most ${BOUND} |
| --- | ---: | ---: | --- |
| a visitor's miss | ${median(misses).toFixed(0)} | | |
| a warmed URL | ${median(warmed).toFixed(0)} | ${ratio.toFixed(2)} (${(ratios[0] ?? 0).toFixed(2)} to ${(ratios.at(-1) ?? 0).toFixed(2)}) | ${ratio <= BOUND ? 'yes' : '**no**'} |
`;
}

function range(loads: readonly number[]): string {
  return `${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}`;
}
