// What a page costs that is made of fragments, beside one that is rendered: npm run bench:fragments
import { Agent, get } from 'node:http';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compare } from './bounds.js';
import { endChildren } from './children.js';
import type { Answer, Listening, Order } from './fragments/process.js';
import { CITIES, ROWS, type RowName } from './fragments/rows.js';
import { median } from './median.js';
import { Obedient } from './obedient.js';
import { choosePinning, describeMachine, pinThisProcess } from './pinning.js';
import { makeProgress } from './progress.js';
import { writeReport } from './write-report.js';

const USAGE = `npm run bench:fragments -- [options]

  --quick         3 short rounds, and no file written unless --out is given
  --rounds N      measured windows per row (9)
  --requests N    requests of a window (1000)
  --out FILE      the Markdown table (bench/results/fragments.md)
`;
const PROGRAM = fileURLToPath(new URL('./fragments/process.js', import.meta.url));
const NAMES = Object.keys(ROWS) as RowName[];
/** Windows whose code is still being compiled. */
const WARM_UPS = 3;
const CONCURRENCY = 4;

type Figures = ReadonlyMap<RowName, number[]>;

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    requests: { type: 'string' },
    out: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
const agent = new Agent({ keepAlive: true });
if (flags.help) process.stdout.write(USAGE);
else await run();

async function run(): Promise<void> {
  const progress = makeProgress(process.stderr);
  const rounds = Number(flags.rounds ?? (flags.quick ? 3 : 9));
  const requests = Number(flags.requests ?? (flags.quick ? 200 : 1_000));
  const pinning = choosePinning();
  pinThisProcess(pinning?.loadCore);
  const figures: Figures = new Map(NAMES.map((name) => [name, []]));
  const loads = [loadavg()[0] ?? 0];
  try {
    const rows = await Promise.all(NAMES.map((name) => started(name, pinning?.serverCore)));
    const pages = new Set(await Promise.all(rows.map(({ port }) => ask(port))));
    if (pages.size !== 1) throw new Error('The rows do not answer the same');
    for (let warmUp = 0; warmUp < WARM_UPS; warmUp++) for (const row of rows) await row.measure(requests);
    for (let round = 1; round <= rounds; round++) {
      for (const { name, measure } of round % 2 === 1 ? rows : rows.toReversed())
        figures.get(name)?.push(await measure(requests));
      loads.push(loadavg()[0] ?? 0);
      progress.line(`round ${round} of ${rounds}`);
    }
  } finally {
    endChildren();
    agent.destroy();
  }
  const table = report(figures, { rounds, requests, loads, isPinned: pinning !== undefined });
  process.stdout.write(`\n${table}`);
  const out =
    flags.out ?? (flags.quick ? undefined : fileURLToPath(new URL('../results/fragments.md', import.meta.url)));
  writeReport(out, table, progress);
}

/** The process of a row, when it can be asked; `measure` says the microseconds of CPU time for each request. */
async function started(name: RowName, core: number | undefined) {
  const row = new Obedient<Order, Answer>([PROGRAM, name], process.execPath, core);
  const { port } = await row.said<Listening>();
  const measure = async (requests: number): Promise<number> => {
    await row.run({ window: 'begins' });
    let left = requests;
    const keepOn = async (): Promise<void> => {
      while (left-- > 0) await ask(port);
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, keepOn));
    return (await row.run({ window: 'ends' })).micros / requests;
  };
  return { name, port, measure };
}

/** The words of a page: templates leave space between them in one way or another. */
function ask(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', agent }, async (response) => {
      const html = (await response.setEncoding('utf8').toArray()).join('');
      if (response.statusCode === 200) resolve(html.replace(/\s+/g, ''));
      else reject(new Error(html));
    }).on('error', reject);
  });
}

interface Circumstances {
  readonly rounds: number;
  readonly requests: number;
  readonly loads: readonly number[];
  readonly isPinned: boolean;
}

function report(figures: Figures, { rounds, requests, loads, isPinned }: Circumstances): string {
  const of = (name: RowName): readonly number[] => figures.get(name) ?? [];
  const lines = NAMES.map((name) => {
    const ratio = compare('ratio', of(name), of('plain'));
    const more = compare('difference', of(name), of('plain'));
    return `| ${[ROWS[name].label, median(of(name)).toFixed(0), ratio.toFixed(2), more.toFixed(0)].join(' | ')} |`;
  });
  return `# Fragments: what a page costs

CPU time of the server (user and system, garbage collection and compilation included) for a page of Express and EJS: a greeting, and a list of ${CITIES} rows of four
fields, ${CITIES} times a partial. The rows are there in memory: what a hit saves in queries is not in here. All fragments are hits, in memory.
${rounds} rounds of ${requests.toLocaleString('en')} requests for each row in turn, ${CONCURRENCY} at a time, over loopback; each row is a process of its own${isPinned ? ', pinned to one core, the load to another' : ''}. The
figures are medians; the comparisons are medians of those within each round.

${new Date().toISOString().slice(0, 10)} · ${describeMachine()}, a load average of ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)} meanwhile · Node.js ${process.versions.node}

| | CPU µs a page | × EJS alone | µs more |
| --- | ---: | ---: | ---: |
${lines.join('\n')}
`;
}
