import { compare, judge, type Rounds, type Verdict } from './bounds.js';
import { bareExpressFor, CANDIDATES, type CandidateName } from './candidates.js';
import { QUIET, tellsDisturbance } from './measure.js';
import { median } from './median.js';
import type { NodeRun, RunOptions } from './run.js';
import type { Row, Scenario } from './scenarios.js';

/** What the heading of a report says about the run. */
export interface Circumstances extends RunOptions {
  date: Date;
  machine: string;
  load: string;
  /** The load kept the servers busy, so that an idle one was disturbed. */
  saturated: boolean;
  pinned: boolean;
  /** The version of the Redis behind some of the candidates. */
  redis?: string;
}

/** A report and how many of its bounds held. */
export interface Report {
  markdown: string;
  bounds: number;
  held: number;
}

/** Writes the tables of one run, a chapter per Node.js. */
export function makeReport(runs: readonly NodeRun[], circumstances: Circumstances): Report {
  const tables = runs.map((run) => chapter(run, circumstances));
  const verdicts = tables.flatMap((table) => table.verdicts);
  return {
    markdown: `${[heading(circumstances), ...tables.map((table) => table.markdown)].join('\n\n')}\n`,
    bounds: verdicts.length,
    held: verdicts.filter(({ held }) => held).length,
  };
}

function heading(circumstances: Circumstances): string {
  const { date, machine, load, pinned, rounds, seconds, redis } = circumstances;
  return `# ${redis === undefined ? 'HTTP: the cost of a hit and of a miss' : 'Shared stores: the cost of a hit'}

Server CPU time per request (user and system time of the server process, divided by its requests), from one interleaved
run: ${rounds} rounds, in each of them a window of ${seconds} s for every row. Each row is a process of its own on
loopback${pinned ? ', pinned to one core; the load comes from another core' : '; nothing was pinned to a core'}, by ${load} over 64 connections.
The figures are medians; a comparison is the median of the comparisons within each round. The handler sends an object
from memory with \`res.json\`, so bare Express is the cheapest uncached route there can be. Express ran with
\`x-powered-by\` off unless said otherwise, and with \`NODE_ENV=production\`.${redis === undefined ? '' : `\n\n${aboutRedis(redis, pinned)}`}

${date.toISOString().slice(0, 10)} · ${machine}`;
}

function aboutRedis(version: string, pinned: boolean): string {
  return `Redis ${version} ran on loopback${pinned ? ", on the load's core" : ''}; its own CPU time is not in the figures, that of asking it is. Where one
URL is asked for all the time, a cache that lets requests at the same time share one question asks less often than once per
request; with URLs in turn no two requests at the same time ask for the same. The last column of figures says how often
Redis was asked. bentocache and cacheable keep objects, which their handlers send with \`res.json\`; all peers ran as their
documentation sets them up.`;
}

function chapter(run: NodeRun, { saturated }: Circumstances): { markdown: string; verdicts: Verdict[] } {
  const tables = run.scenarios.map((scenario) => table(run, scenario));
  const windows = [...run.windows].flatMap(([row, all]) =>
    tellsDisturbance({ saturates: saturated }, row) ? all : [],
  );
  const disturbed = windows.filter(({ busy }) => busy < QUIET).length;
  const note =
    disturbed > 0
      ? `\n\nIn ${disturbed} of ${windows.length} windows the server ran for less than ${QUIET * 100} % of the time.`
      : '';
  return {
    markdown: [`## Node.js ${run.node.slice(1)}${note}`, ...tables.map(({ markdown }) => markdown)].join('\n\n'),
    verdicts: tables.flatMap(({ verdicts }) => verdicts),
  };
}

function table(run: NodeRun, scenario: Scenario): { markdown: string; verdicts: Verdict[] } {
  const roundsOf = (candidate: CandidateName): Rounds | undefined => {
    const row = scenario.rows.find((each) => each.candidate === candidate);
    return row && run.windows.get(row)?.map(({ micros }) => micros);
  };
  const major = Number.parseInt(run.node.slice(1), 10);
  const verdicts: Verdict[] = [];
  const comparisons = comparisonsOf(scenario);
  const lines = scenario.rows.map((row) => {
    const rounds = roundsOf(row.candidate) ?? [];
    const judged = judge(row.bounds, major, rounds, roundsOf);
    verdicts.push(...judged);
    return `| ${[
      CANDIDATES[row.candidate].label,
      median(rounds).toFixed(1),
      Math.min(...rounds).toFixed(1),
      ...comparisons.map(({ of }) => of(row, rounds, roundsOf)),
      throughput(run, row),
      ...(scenario.usesRedis ? [redisCommands(run, row)] : []),
      judged.map(({ bound }) => bound.words).join('; '),
      judged.map(({ held }) => (held ? 'yes' : '**no**')).join('; '),
    ].join(' | ')} |`;
  });
  const titles = [
    '',
    'CPU µs/request',
    'lowest',
    ...comparisons.map(({ title }) => title),
    'requests/s',
    ...(scenario.usesRedis ? ['Redis commands/request'] : []),
    'bound',
    'held',
  ];
  const ruler = titles.map((title) => (title === '' || title === 'bound' || title === 'held' ? '---' : '---:'));
  const markdown = [`### ${scenario.title}`, '', `| ${titles.join(' | ')} |`, `| ${ruler.join(' | ')} |`, ...lines];
  return { markdown: markdown.join('\n'), verdicts };
}

interface Comparison {
  title: string;
  of(row: Row, rounds: Rounds, roundsOf: (candidate: CandidateName) => Rounds | undefined): string;
}

const hitComparisons: readonly Comparison[] = [
  { title: '× raw', of: (_row, rounds, roundsOf) => ratio(rounds, roundsOf('raw')) },
  { title: '× bare Express', of: (_row, rounds, roundsOf) => ratio(rounds, roundsOf('express')) },
];

const redisComparisons: readonly Comparison[] = [
  ...hitComparisons,
  {
    title: '× our own memory hit',
    of: (_row, rounds, roundsOf) => ratio(rounds, roundsOf('cache-page-create-server')),
  },
];

const missComparisons: readonly Comparison[] = [
  {
    title: 'µs more than bare Express on the same server',
    of(row, rounds, roundsOf) {
      const bare = bareExpressFor(row.candidate);
      const reference = roundsOf(bare);
      if (bare === row.candidate || !reference) return '';
      const more = compare('difference', rounds, reference);
      return `${more < 0 ? '−' : '+'}${Math.abs(more).toFixed(1)}`;
    },
  },
];

function comparisonsOf({ path, usesRedis }: Scenario): readonly Comparison[] {
  if (path === 'miss') return missComparisons;
  return usesRedis ? redisComparisons : hitComparisons;
}

function ratio(rounds: Rounds, reference: Rounds | undefined): string {
  return reference ? compare('ratio', rounds, reference).toFixed(2) : '';
}

function throughput(run: NodeRun, row: Row): string {
  const perSecond = median(run.windows.get(row)?.map(({ requestsPerSecond }) => requestsPerSecond) ?? []);
  return Math.round(perSecond).toLocaleString('en');
}

function redisCommands(run: NodeRun, row: Row): string {
  if (!CANDIDATES[row.candidate].redis) return '';
  return median(run.windows.get(row)?.flatMap(({ redisCommands }) => redisCommands ?? []) ?? []).toFixed(3);
}
