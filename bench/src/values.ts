// What a value costs from memory, of this cache and of others: npm run bench:values
import { once } from 'node:events';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { endChildren, startChild } from './children.js';
import { namedBy } from './named-by.js';
import { choosePinning } from './pinning.js';
import { makeProgress } from './progress.js';
import { startCache } from './values/cache-process.js';
import { CANDIDATES } from './values/candidate.js';
import type { ClientName } from './values/clients.js';
import type { Operation } from './values/orders.js';
import { makeReport, type Table } from './values/report.js';
import { VALUE_KINDS, type ValueKind } from './values/value-kinds.js';
import { writeReport } from './write-report.js';

const USAGE = `npm run bench:values -- [options]

  --quick         3 short rounds, and no file written unless --out is given
  --only WORDS    rows with one of these words in their name, and the bare Map: --only viewcache,lru
  --value KIND    string, object or 2kb; repeat it (all three)
  --node BINARY   the Node.js that runs the caches
  --rounds N      measured windows per row (9)
  --ms N          length of a window in milliseconds of CPU time (100)
  --out FILE      the Markdown table (bench/results/values.md)
`;
const OPERATIONS: readonly Operation[] = ['hit', 'miss', 'set'];
/** Windows whose code is still being compiled. */
const WARM_UPS = 3;

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    value: { type: 'string', multiple: true, default: Object.keys(VALUE_KINDS) },
    node: { type: 'string', default: process.execPath },
    rounds: { type: 'string' },
    ms: { type: 'string' },
    out: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (flags.help) process.stdout.write(USAGE);
else await run();

async function run(): Promise<void> {
  const progress = makeProgress(process.stderr);
  const rounds = Number(flags.rounds ?? (flags.quick ? 3 : 9));
  const ms = Number(flags.ms ?? (flags.quick ? 40 : 100));
  const core = choosePinning()?.serverCore;
  const all = Object.keys(CANDIDATES) as ClientName[];
  const wanted = namedBy(all, flags.only);
  const names = all.filter((name) => name === 'map' || wanted.includes(name));
  const loads = [loadavg()[0] ?? 0];
  const tables: Table[] = [];
  let version = '';
  try {
    for (const kind of flags.value as ValueKind[]) {
      const table: Table = { kind, answers: new Map(names.map((name) => [name, { hit: [], miss: [], set: [] }])) };
      const caches = names.map((name) => ({ name, cache: startCache(name, kind, flags.node, core) }));
      for (let warmUp = 0; warmUp < WARM_UPS; warmUp++)
        for (const { cache } of caches) for (const operation of OPERATIONS) await cache.run({ operation, ms });
      for (let round = 1; round <= rounds; round++) {
        for (const operation of OPERATIONS) {
          for (const { name, cache } of round % 2 === 1 ? caches : caches.toReversed())
            table.answers.get(name)?.[operation].push(await cache.run({ operation, ms }));
        }
        progress.line(`${kind}, round ${round} of ${rounds}`);
        loads.push(loadavg()[0] ?? 0);
      }
      for (const { cache } of caches) cache.stop();
      tables.push(table);
    }
    version = await versionOf(flags.node);
  } finally {
    endChildren();
  }
  const { markdown, bounds, held } = makeReport(tables, { rounds, ms, version, isPinned: core !== undefined, loads });
  process.stdout.write(`\n${markdown}\n${held} of ${bounds} bounds held.\n`);
  const out = flags.out ?? (flags.quick ? undefined : fileURLToPath(new URL('../results/values.md', import.meta.url)));
  writeReport(out, markdown, progress);
}

async function versionOf(node: string): Promise<string> {
  const child = startChild([node, '--version'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  return said.toString().trim().slice(1);
}
