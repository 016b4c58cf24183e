import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { endChildren } from './children.js';
import { median } from './median.js';
import { choosePinning, describeMachine, pinThisProcess } from './pinning.js';
import { makeProgress } from './progress.js';
import { GROUPS, groupTag, itemTag, Stock, timed } from './stock.js';
import { writeReport } from './write-report.js';

const USAGE = `npm run bench:invalidate -- [options]

  --quick       100 and 10,000 entries, 3 short rounds, and no file written unless --out is given
  --out FILE    the Markdown table (bench/results/invalidate.md)
`;
const SIZES = [100, 10_000, 100_000];
const MILLION = 1_000_000;
/** A million entries are added where they are stored within this time. */
const PATIENCE_SECONDS = 120;
const WARM_UP = 3_000;
const IN_TURN = 200;
const AT_ONCE = 64;
/** Flat: so many times what it takes with the fewest entries. */
const FLAT = 1.5;

interface Figures {
  stock: Stock;
  firstMs: number;
  /** Milliseconds of each invalidation, one after the other. */
  inTurn: number[];
  /** Medians of {@link inTurn}, a figure per round. */
  medians: number[];
  perSecond: number[];
  cpuMicros: number[];
}

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    out: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
});
if (flags.help) process.stdout.write(USAGE);
else await run();

async function run(): Promise<void> {
  const progress = makeProgress(process.stderr);
  const pinning = choosePinning();
  pinThisProcess(pinning?.serverCore);
  const all: Figures[] = [];
  const rounds = flags.quick ? 3 : 7;
  try {
    for (const entries of flags.quick ? SIZES.slice(0, 2) : SIZES) all.push(await prepare(entries));
    if (!flags.quick && (all.at(-1)?.stock.fillSeconds ?? 0) * 10 < PATIENCE_SECONDS) all.push(await prepare(MILLION));
    for (let round = 1; round <= rounds; round++) {
      for (const figures of round % 2 === 1 ? all : all.toReversed()) await measure(figures, flags.quick ? 500 : 1_000);
      progress.line(
        `round ${round} of ${rounds}  ${all.map(({ medians }) => micros(medians.at(-1) ?? 0)).join(', ')} µs`,
      );
    }
    const version = await all[0]?.stock.redis.version();
    const table = await report(all, rounds, version ?? '', pinning !== undefined);
    process.stdout.write(`\n${table}`);
    const out =
      flags.out ?? (flags.quick ? undefined : fileURLToPath(new URL('../results/invalidate.md', import.meta.url)));
    writeReport(out, table, progress);
    for (const { stock } of all) await stock.empty();
  } finally {
    endChildren();
  }

  async function prepare(entries: number): Promise<Figures> {
    const stock = await Stock.fill(entries, pinning?.loadCore);
    // Other tags, so that only the code is warm.
    for (let count = 0; count < WARM_UP; count++) await timed(stock.cache, 'warm-up');
    const firstMs = await stock.invalidateFirst();
    progress.line(`${number(entries)} entries in ${stock.fillSeconds.toFixed(1)} s`);
    return { stock, firstMs, inTurn: [], medians: [], perSecond: [], cpuMicros: [] };
  }
}

async function measure({ stock, inTurn, medians, perSecond, cpuMicros }: Figures, ms: number): Promise<void> {
  const some: number[] = [];
  for (let count = 0; count < IN_TURN; count++) some.push(await timed(stock.cache, groupTag(count)));
  inTurn.push(...some);
  medians.push(median(some));

  let count = 0;
  const begun = performance.now();
  const cpuBefore = process.cpuUsage();
  const keepOn = async (): Promise<void> => {
    while (performance.now() - begun < ms) await timed(stock.cache, itemTag(count++));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, keepOn));
  const { user, system } = process.cpuUsage(cpuBefore);
  perSecond.push(count / ((performance.now() - begun) / 1_000));
  cpuMicros.push((user + system) / count);
}

async function report(all: readonly Figures[], rounds: number, redis: string, pinned: boolean): Promise<string> {
  const [fewest] = all;
  const lines: string[] = [];
  for (const each of all) {
    const sorted = each.inTurn.toSorted((a, b) => a - b);
    const ratio = median(each.medians.map((ms, round) => ms / (fewest?.medians[round] ?? Number.NaN)));
    const isFewest = each === fewest;
    lines.push(
      `| ${[
        number(each.stock.entries),
        number((await each.stock.redis.bytes()) / 1e6),
        micros(each.firstMs),
        micros(median(sorted)),
        micros(sorted[Math.floor(sorted.length * 0.99)] ?? 0),
        number(median(each.perSecond)),
        median(each.cpuMicros).toFixed(1),
        isFewest ? '' : ratio.toFixed(2),
        isFewest ? '' : ratio <= FLAT ? 'yes' : '**no**',
      ].join(' | ')} |`,
    );
  }
  return `# Invalidation: the time of one tag

How long \`cache.invalidate({ tags })\` of one tag takes, until Redis has acknowledged it, with more and more stored responses that
carry the tag; each size in a Redis of its own, all sizes in turn in each of ${rounds} interleaved rounds. All entries carry ${GROUPS} tags
in common, and one of their own. "First" is the first invalidation of all, when every entry was fresh; a second cache
on the same Redis had then answered 20 of them from what was stored, and did not any more afterwards. The median and the 99th percentile are of
${number(rounds * IN_TURN)} further ones, one after the other. Invalidations per second are those of ${AT_ONCE} callers at once, with
different tags; what waits at the same time may go to Redis together. CPU time is that of the invalidating process.
Flat: at most ${FLAT} × the time with the fewest entries, as the median of the comparisons within each round.

${new Date().toISOString().slice(0, 10)} · ${describeMachine()} · Node.js ${process.versions.node} · Redis ${redis} on loopback${pinned ? ', pinned to another core' : ''}

| entries | MB in Redis | first, µs | median, µs | p99, µs | invalidations/s | CPU µs each | × fewest entries | flat |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |
${lines.join('\n')}
`;
}

function micros(ms: number): string {
  return number(ms * 1_000);
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en');
}
