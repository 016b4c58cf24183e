import { compare, judge, type Rounds, type Verdict } from './bounds.js';
import { bareFor, CANDIDATES, type CandidateName } from './candidates.js';
import { QUIET, tellsDisturbance } from './measure.js';
import { median } from './median.js';
import { interceptorFor } from './nest-candidates.js';
import { type Circumstances, heading } from './report-heading.js';
import type { NodeRun } from './run.js';
import type { Row, Scenario, Suite } from './scenarios.js';

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
      ...(scenario.suite === 'shared' ? [redisCommands(run, row)] : []),
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
    ...(scenario.suite === 'shared' ? ['Redis commands/request'] : []),
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

const nestComparisons: readonly Comparison[] = [
  { title: '× raw', of: (_row, rounds, roundsOf) => ratio(rounds, roundsOf('raw')) },
  {
    title: '× bare Nest, same platform',
    of: ({ candidate }, rounds, roundsOf) => ratio(rounds, roundsOf(bareFor(candidate))),
  },
  {
    title: '× CacheInterceptor, same platform',
    of({ candidate }, rounds, roundsOf) {
      const interceptor = interceptorFor(CANDIDATES[candidate]);
      return ratio(rounds, interceptor && roundsOf(interceptor));
    },
  },
];

const missComparisons: readonly Comparison[] = [
  {
    title: 'µs more than bare Express on the same server',
    of(row, rounds, roundsOf) {
      const bare = bareFor(row.candidate);
      const reference = roundsOf(bare);
      if (bare === row.candidate || !reference) return '';
      const more = compare('difference', rounds, reference);
      return `${more < 0 ? '−' : '+'}${Math.abs(more).toFixed(1)}`;
    },
  },
];

const HIT_COMPARISONS: Readonly<Record<Suite, readonly Comparison[]>> = {
  http: hitComparisons,
  shared: redisComparisons,
  nest: nestComparisons,
};

function comparisonsOf({ path, suite }: Scenario): readonly Comparison[] {
  return path === 'miss' ? missComparisons : HIT_COMPARISONS[suite];
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
