// What each eviction policy answers of recorded requests, and what they cost beside others: npm run bench:eviction
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Trace } from '../../test/dist/traces/trace.js';
import { decompressed, findTraces, readTrace } from '../../test/dist/traces/trace-files.js';
import { accessLog } from '../../test/dist/traces/trace-formats.js';
import { endChildren } from './children.js';
import { CONTENDERS } from './eviction/contenders.js';
import { autoSummary, hitTable, type Row, rowsOf, sharesOf, sizesOf } from './eviction/hit-table.js';
import { shiftingPlot, shiftingTrace, sizePlot } from './eviction/plots.js';
import { compareContenders } from './eviction/race.js';
import { describeMachine } from './pinning.js';
import { makeProgress } from './progress.js';
import { writeReport } from './write-report.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const USAGE = `npm run bench:eviction -- [options]

  --traces FOLDER  hit ratios of every trace found there (test/traces: web07 and web12)
  --log FILE       hit ratios of your own requests: a key a line, or an access log in the common or combined format, or
                   with a JSON object a line; prints a table and writes nothing
  --plots FOLDER   hit ratio over size as SVG, for each of --plot, and auto on a load that changes (docs/guides/images)
  --plot NAME      a trace that is plotted; repeat it (web07, web12)
  --no-speed       hit ratios and plots alone
  --rounds N       measured windows of each cache (9)
  --out FILE       the Markdown tables (bench/results/eviction.md)
`;
const flags = readFlags();
const progress = makeProgress(process.stderr);
/** Of all that a log asks for: from a store that is too small to one that is too large. */
const LOG_SHARES = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8];

if (flags.help) process.stdout.write(USAGE);
else if (flags.log !== undefined) process.stdout.write(sizing(flags.log));
else {
  try {
    const markdown = await report();
    process.stdout.write(`\n${markdown}`);
    writeReport(flags.out, markdown, progress);
  } finally {
    endChildren();
  }
}

/** What was asked for; ends with what is wrong with it. */
function readFlags() {
  try {
    return parseArgs({
      options: {
        traces: { type: 'string', default: here('../../test/traces') },
        log: { type: 'string' },
        plots: { type: 'string', default: here('../../docs/guides/images') },
        plot: { type: 'string', multiple: true, default: ['web07', 'web12'] },
        'no-speed': { type: 'boolean', default: false },
        rounds: { type: 'string', default: '9' },
        out: { type: 'string', default: here('../results/eviction.md') },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    return fail(`${(error as Error).message}\n\n${USAGE}`);
  }
}

function fail(text: string): never {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}

function readLog(path: string): Trace {
  try {
    const trace = accessLog('your log', decompressed(path));
    if (trace.ids.length > 0) return trace;
  } catch (error) {
    fail(`--log ${path} cannot be read: ${(error as Error).message}`);
  }
  fail(`--log ${path} has no line that is a key, or a GET answered by 200`);
}

/** The table by which the size of a cache is chosen. */
function sizing(path: string): string {
  const trace = readLog(path);
  const byNumber = rowsOf(
    { name: trace.name, ids: trace.ids, unique: trace.unique },
    sharesOf(trace.unique, LOG_SHARES),
    progress,
  );
  const heading = `${trace.ids.length.toLocaleString('en')} requests for ${trace.unique.toLocaleString('en')} keys; at most ${limitOf(trace)} % can be answered, however large the store.`;
  const tables = [heading, '', 'By number of entries, hit ratio in %:', '', hitTable(byNumber, 'maxEntries')];
  if (trace.sizes !== undefined) {
    const bytes = bytesOf(trace);
    const rows = rowsOf(trace, sharesOf(bytes, LOG_SHARES), progress);
    tables.push(
      '',
      `By bytes of bodies (all: ${bytes.toLocaleString('en')}), hit ratio in %:`,
      '',
      hitTable(rows, 'maxBytes'),
    );
  }
  return `${tables.join('\n')}\n`;
}

/** The percentage of requests that are not the first for their key. */
function limitOf({ ids, unique }: Trace): string {
  return ((100 * (ids.length - unique)) / ids.length).toFixed(2);
}

function bytesOf({ ids, sizes, unique }: Trace): number {
  const largest = new Float64Array(unique);
  ids.forEach((id, i) => {
    largest[id] = Math.max(largest[id] as number, sizes?.[i] ?? 0);
  });
  return largest.reduce((sum, each) => sum + each, 0);
}

async function report(): Promise<string> {
  const files = findTraces(flags.traces);
  if (files.length === 0) throw new Error(`${flags.traces} has no trace whose format is known by its folder and name`);
  const [byNumber, byBytes]: [Row[], Row[]] = [[], []];
  mkdirSync(flags.plots, { recursive: true });
  for (const file of files) {
    const trace = readTrace(file);
    const { sizes } = trace;
    if (sizes === undefined) byNumber.push(...rowsOf(trace, sizesOf(trace), progress));
    else
      byBytes.push(
        ...rowsOf(
          trace,
          [1, 2, 4, 8].map((eighth) => eighth * 2 ** 27),
          progress,
        ),
      );
    if (flags.plot.includes(file.name)) plot(`eviction-${file.name}.svg`, sizePlot(trace, progress));
  }
  const shifting = rowsOf(shiftingTrace(), [2_000], progress);
  plot('eviction-auto.svg', shiftingPlot());
  const speeds = flags['no-speed'] ? '' : await compareContenders(CONTENDERS, Number(flags.rounds), progress);
  return `# Eviction: what is answered, and what it costs

${new Date().toISOString().slice(0, 10)} · ${describeMachine()}, load average ${(loadavg()[0] ?? 0).toFixed(1)} at the end. Hit ratios are the same on every machine.

## Hit ratio, by number of entries, in %

${autoSummary(byNumber)}

${hitTable(byNumber, 'entries')}

## A load that changes its kind

Popular keys, a loop over more than the store holds, what is new; and all three once more, 100,000 requests each.

${hitTable(shifting, 'entries')}
${byBytes.length === 0 ? '' : `\n## By bytes, in %\n\n${hitTable(byBytes, 'bytes')}\n`}${speeds}`;
}

function plot(name: string, drawn: string): void {
  writeFileSync(join(flags.plots, name), drawn);
  progress.line(`Written to ${join(flags.plots, name)}`);
}
