// What a query costs more where a data source is watched: npm run bench -- orm
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { endChildren } from './children.js';
import { namedBy } from './named-by.js';
import { CLIENTS, type OrmName } from './orm/clients.js';
import { OPERATIONS, type Operation } from './orm/orders.js';
import { startOrm } from './orm/orm-process.js';
import { type Chapter, makeReport, type Row } from './orm/report.js';
import { choosePinning } from './pinning.js';
import { makeProgress } from './progress.js';
import { writeReport } from './write-report.js';

const USAGE = `npm run bench -- orm [options]

  --quick         one pair of processes, and no file written unless --out is given
  --only WORDS    libraries with one of these words in their name: --only pg,prisma
  --node BINARY   the Node.js that runs them; repeat it to compare versions
  --pairs N       processes of each, one that is watched and one that is not: what is compiled differs between them (3)
  --rounds N      measured windows of each pair (20)
  --ms N          length of a window in milliseconds of CPU time (30)
  --out FILE      the Markdown table (bench/results/orm.md)
`;
/** CPU time of each operation in which its code is still being compiled. */
const WARM_UP_MS = 2_500;

const { values: flags } = parseArgs({
  args: process.argv.slice(2).filter((word, i) => i > 0 || word !== 'orm'),
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    node: { type: 'string', multiple: true, default: [process.execPath] },
    pairs: { type: 'string' },
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
  const pairs = Number(flags.pairs ?? (flags.quick ? 1 : 3));
  const rounds = Number(flags.rounds ?? 20);
  const ms = Number(flags.ms ?? 30);
  const core = choosePinning()?.serverCore;
  const names = namedBy(Object.keys(CLIENTS) as OrmName[], flags.only);
  const loads = [loadavg()[0] ?? 0];
  const chapters: Chapter[] = [];
  try {
    for (const node of flags.node) {
      const rows: Row[] = [];
      let version = '';
      for (const name of names) {
        const row: Row = { name, watched: figures(), bare: figures() };
        for (let pair = 0; pair < pairs; pair++) version = await measure(row, { node, core, rounds, ms });
        rows.push(row);
        loads.push(loadavg()[0] ?? 0);
        progress.line(`${name} on Node.js ${version}`);
      }
      chapters.push({ version, rows });
    }
  } finally {
    endChildren();
  }
  const { markdown, bounds, held } = makeReport(chapters, { pairs, rounds, ms, isPinned: core !== undefined, loads });
  process.stdout.write(`\n${markdown}\n${held} of ${bounds} bounds held.\n`);
  const out = flags.out ?? (flags.quick ? undefined : fileURLToPath(new URL('../results/orm.md', import.meta.url)));
  writeReport(out, markdown, progress);
}

interface Plan {
  readonly node: string;
  readonly core: number | undefined;
  readonly rounds: number;
  readonly ms: number;
}

/** Adds what one pair of processes takes, and tells their version of Node.js. */
async function measure(row: Row, { node, core, rounds, ms }: Plan): Promise<string> {
  const { process: bare } = await startOrm(row.name, false, node, core);
  const { process: watched, version } = await startOrm(row.name, true, node, core);
  for (const operation of OPERATIONS)
    for (const process of [watched, bare]) await process.run({ operation, ms: WARM_UP_MS });
  const both = [
    [watched, row.watched],
    [bare, row.bare],
  ] as const;
  for (let round = 0; round < rounds; round++) {
    for (const operation of OPERATIONS) {
      for (const [process, into] of round % 2 === 0 ? both : both.toReversed()) {
        const { micros } = await process.run({ operation, ms });
        into[operation].push(micros);
      }
    }
  }
  for (const process of [watched, bare]) process.stop();
  return version;
}

function figures(): Record<Operation, number[]> {
  return { untracked: [], tracked: [], stored: [], write: [] };
}
