import { compare } from '../bounds.js';
import { median } from '../median.js';
import { describeMachine } from '../pinning.js';
import type { OrmName } from './clients.js';
import type { Operation } from './orders.js';

/** What was measured of one library: CPU microseconds of a query, a figure per round. */
export interface Row {
  readonly name: OrmName;
  readonly watched: Record<Operation, number[]>;
  readonly bare: Record<Operation, number[]>;
}

/** All libraries on one Node.js. */
export interface Chapter {
  readonly version: string;
  readonly rows: readonly Row[];
}

export interface Circumstances {
  /** Of processes, of each library. */
  readonly pairs: number;
  readonly rounds: number;
  readonly ms: number;
  readonly isPinned: boolean;
  readonly loads: readonly number[];
}

const LABELS: Readonly<Record<OrmName, string>> = {
  pg: '`pg`, a pool',
  drizzle: 'Drizzle, `select().from().where()`',
  typeorm: 'TypeORM, `findOneBy`',
  prisma: 'Prisma, `findUnique`',
};

/** Microseconds that a query may cost more where it is watched. */
const BOUNDS: Partial<Record<Operation, number>> = { untracked: 5, tracked: 15 };
const COLUMNS: readonly Operation[] = ['untracked', 'tracked', 'stored', 'write'];

/** The tables as Markdown, and how many of their bounds held. */
export function makeReport(
  chapters: readonly Chapter[],
  { pairs, rounds, ms, isPinned, loads }: Circumstances,
): { markdown: string; bounds: number; held: number } {
  const verdicts: boolean[] = [];
  const text = chapters.map((chapter) => table(chapter, verdicts)).join('\n\n');
  const markdown = `# Watching an ORM: what a query costs

CPU time (user and system, garbage collection and compilation included) that a query of one row by its primary key costs more in a process
where the data source is watched than in one where it is not: the median of the differences within each of ${pairs} × ${rounds} interleaved
rounds, with a window of ${ms} ms of CPU time for each of both, by ${pairs} pairs of processes${isPinned ? ', all pinned to one core' : ''}: which code is compiled, and how, differs
from process to process, and with it what Prisma takes, by up to 10 µs either way. In the place of the
database stands a connection of ours that speaks PostgreSQL's protocol within the process: \`pg\` and what is above it do all that they always do,
and no server and no network are measured along. In brackets, what a query costs where nothing is watched.

- **untracked**: no view, producer or memoized function runs. **tracked**: within one that is not stored, ten queries of different rows in
  each. **stored**: the same, and it is stored, with its tags. **write**: an \`UPDATE\` by primary key, whose tags are purged from the cache.

Made by \`npm run bench -- orm\`, with each Node.js named by \`--node\`.

The bounds: at most ${BOUNDS.untracked} µs for an untracked query, and ${BOUNDS.tracked} µs for a tracked one.

${new Date().toISOString().slice(0, 10)} · ${describeMachine()}, a load average of ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)} meanwhile

${text}
`;
  return { markdown, bounds: verdicts.length, held: verdicts.filter((isHeld) => isHeld).length };
}

function table({ version, rows }: Chapter, verdicts: boolean[]): string {
  const lines = rows.map((row) => {
    const cells = COLUMNS.map((operation) => {
      const more = compare('difference', row.watched[operation], row.bare[operation]);
      const bound = BOUNDS[operation];
      const isHeld = bound === undefined || more <= bound;
      if (bound !== undefined) verdicts.push(isHeld);
      const figure = `${more < 0 ? '−' : '+'}${Math.abs(more).toFixed(1)} (${median(row.bare[operation]).toFixed(0)})`;
      return isHeld ? figure : `${figure} **over**`;
    });
    return `| ${[LABELS[row.name], ...cells].join(' | ')} |`;
  });
  return `## Node.js ${version}

| | untracked, µs | tracked, µs | stored, µs | write, µs |
| --- | ---: | ---: | ---: | ---: |
${lines.join('\n')}`;
}
