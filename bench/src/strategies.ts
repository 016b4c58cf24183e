// What reading and writing through a cache costs, beside the cache alone and a Map: npm run bench:strategies
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compare } from './bounds.js';
import { endChildren } from './children.js';
import { median } from './median.js';
import { Obedient } from './obedient.js';
import { choosePinning, describeMachine } from './pinning.js';
import { makeProgress } from './progress.js';
import type { Answer, Order } from './strategies/process.js';
import { type Operation, ROWS, type RowName } from './strategies/rows.js';
import { writeReport } from './write-report.js';

const USAGE = `npm run bench:strategies -- [options]

  --quick       3 short rounds, and no file written unless --out is given
  --rounds N    measured windows per row (9)
  --ms N        length of a window in milliseconds of CPU time (100)
  --out FILE    the Markdown table (bench/results/strategies.md)
`;
const PROGRAM = fileURLToPath(new URL('./strategies/process.js', import.meta.url));
const OPERATIONS: readonly Operation[] = ['hit', 'write'];
const NAMES = Object.keys(ROWS) as RowName[];
/** Windows whose code is still being compiled. */
const WARM_UPS = 3;

type Figures = ReadonlyMap<RowName, Record<Operation, number[]>>;

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
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
  const figures: Figures = new Map(NAMES.map((name) => [name, { hit: [], write: [] }]));
  const loads = [loadavg()[0] ?? 0];
  try {
    const rows = NAMES.map((name) => ({
      name,
      row: new Obedient<Order, Answer>([PROGRAM, name], process.execPath, core),
    }));
    for (let warmUp = 0; warmUp < WARM_UPS; warmUp++)
      for (const { row } of rows) for (const operation of OPERATIONS) await row.run({ operation, ms });
    for (let round = 1; round <= rounds; round++) {
      for (const operation of OPERATIONS)
        for (const { name, row } of round % 2 === 1 ? rows : rows.toReversed())
          figures.get(name)?.[operation].push((await row.run({ operation, ms })).nanos ?? Number.NaN);
      loads.push(loadavg()[0] ?? 0);
      progress.line(`round ${round} of ${rounds}`);
    }
    for (const { row } of rows) row.stop();
  } finally {
    endChildren();
  }
  const table = report(figures, { rounds, ms, loads, isPinned: core !== undefined });
  process.stdout.write(`\n${table}`);
  const out =
    flags.out ?? (flags.quick ? undefined : fileURLToPath(new URL('../results/strategies.md', import.meta.url)));
  writeReport(out, table, progress);
}

interface Circumstances {
  readonly rounds: number;
  readonly ms: number;
  readonly loads: readonly number[];
  readonly isPinned: boolean;
}

function report(figures: Figures, { rounds, ms, loads, isPinned }: Circumstances): string {
  const ratio = (name: RowName, to: RowName, operation: Operation): string => {
    const value = compare('ratio', figures.get(name)?.[operation] ?? [], figures.get(to)?.[operation] ?? []);
    return Number.isNaN(value) ? '–' : value.toFixed(2);
  };
  const nanos = (name: RowName, operation: Operation): string => {
    const value = median(figures.get(name)?.[operation] ?? []);
    return Number.isNaN(value) ? '–' : Math.round(value).toLocaleString('en');
  };
  const lines = NAMES.map((name) => {
    const cells = OPERATIONS.flatMap((operation) => [
      nanos(name, operation),
      ratio(name, 'map', operation),
      ratio(name, 'getOrSet', operation),
    ]);
    return `| ${[ROWS[name].label, ...cells].join(' | ')} |`;
  });
  return `# Strategies: what a call costs

CPU time (user and system, garbage collection and compilation included) of a call from one interleaved run: ${rounds} rounds, in each a window of ${ms} ms of
CPU time for every row and operation. Each row is a process of its own${isPinned ? ', pinned to one core' : ''}, with its cache in memory; 50 calls are under way at a time, of 1,000 keys in turn, with an object of 5
fields. The figures are medians; the ratios are medians of the comparisons within each round.

- **hit**: what is stored. A hit of viewcache is a copy, those of the others are the object itself.
- **write**: over what is there, acknowledged. The database is a function that takes everything at once: of write-through that is the order, of
  write-behind what is saved meanwhile is counted in. With a \`journal\` the time that the disk takes is no CPU time, and is not in here.

${new Date().toISOString().slice(0, 10)} · ${describeMachine()}, a load average of ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)} meanwhile · Node.js ${process.versions.node}

| | hit, ns | × Map | × \`getOrSet\` | write, ns | × Map | × \`set\` |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
${lines.join('\n')}
`;
}
