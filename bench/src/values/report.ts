import { compare } from '../bounds.js';
import { median } from '../median.js';
import { describeMachine } from '../pinning.js';
import { CANDIDATES } from './candidate.js';
import type { ClientName } from './clients.js';
import type { Answer, Operation } from './orders.js';
import { VALUE_KINDS, type ValueKind } from './value-kinds.js';

/** What was measured of one kind of value: of each operation an answer per round. */
export interface Table {
  kind: ValueKind;
  answers: Map<ClientName, Record<Operation, Answer[]>>;
}

export interface Circumstances {
  rounds: number;
  ms: number;
  version: string;
  isPinned: boolean;
  loads: readonly number[];
}

/** The tables as Markdown, and how many of their bounds held. */
export function makeReport(
  tables: readonly Table[],
  { rounds, ms, version, isPinned, loads }: Circumstances,
): { markdown: string; bounds: number; held: number } {
  const all = tables.map(chapter);
  const verdicts = all.flatMap(({ verdicts: some }) => some);
  const markdown = `# Values: what a call costs

CPU time (user and system, garbage collection and compilation included) of a call from one interleaved run: ${rounds} rounds, in each a window of ${ms} ms
of CPU time for every row and operation. Each row is a process of its own${isPinned ? ', pinned to one core' : ''}, with its cache in memory, as the documentation of each sets it up; each call is awaited before the
next. The figures are medians; "× Map" is the median of the comparisons within each round with a \`Map\` in an \`async\` function.

- **hit**: one of 1,000 keys in turn, all stored for an hour; the key's text, the producer and the options are made for each call, as an app does.
- **miss**: a key that was never asked for; the producer is \`async\` and makes the value at once. **set**: one of 1,000 keys in turn, written over.
- **hands out**: whether two callers get the same object, so that what one changes the other sees, or a copy each; found out by asking twice. For texts
  there is no difference.
- A bare \`Map\` keeps everything for ever, runs the producer for each of several who ask at once, and knows of no lifetime, tag or limit. p-memoize keeps for ever as it is set up here.

The bound: a hit of ours costs less than that of every peer that hands out the same, be it one object or a copy each.

${new Date().toISOString().slice(0, 10)} · ${describeMachine()}, a load average of ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)} meanwhile · Node.js ${version}

${all.map(({ text }) => text).join('\n\n')}
`;
  return { markdown, bounds: verdicts.length, held: verdicts.filter((isHeld) => isHeld).length };
}

function chapter({ kind, answers }: Table): { text: string; verdicts: boolean[] } {
  const bare = answers.get('map');
  const verdicts: boolean[] = [];
  const lines = [...answers].map(([name, rows]) => {
    const { label, isOurs } = CANDIDATES[name];
    const isCopy = rows.hit[0]?.handsOut === 'copy';
    const ratio = bare === undefined ? Number.NaN : compare('ratio', nanos(rows.hit), nanos(bare.hit));
    const nearest = isOurs ? nearestPeer(answers, rows.hit) : undefined;
    if (nearest !== undefined) verdicts.push(nearest.ratio < 1);
    return `| ${[
      label,
      kind === 'string' ? '' : isCopy ? 'copy' : 'same',
      figure(rows.hit),
      ratio.toFixed(2),
      nearest === undefined
        ? ''
        : `${nearest.ratio.toFixed(2)} × ${nearest.name}: ${nearest.ratio < 1 ? 'ahead' : '**not ahead**'}`,
      figure(rows.miss),
      rows.set[0]?.sets === true ? figure(rows.set) : '–',
    ].join(' | ')} |`;
  });
  return {
    text: `## ${VALUE_KINDS[kind].label}

| | hands out | hit, ns | × Map | against the nearest peer | miss, ns | set, ns |
| --- | --- | ---: | ---: | --- | ---: | ---: |
${lines.join('\n')}`,
    verdicts,
  };
}

/** The cheapest of the peers that hand out what this one does. */
function nearestPeer(
  answers: Table['answers'],
  ours: readonly Answer[],
): { name: ClientName; ratio: number } | undefined {
  const [nearest] = [...answers]
    .filter(([name, { hit }]) => {
      const { isOurs, isBare } = CANDIDATES[name];
      return !isOurs && isBare !== true && hit[0]?.handsOut === ours[0]?.handsOut;
    })
    .map(([name, { hit }]) => ({ name, ratio: compare('ratio', nanos(ours), nanos(hit)) }))
    .sort((a, b) => b.ratio - a.ratio);
  return nearest;
}

function nanos(answers: readonly Answer[]): number[] {
  return answers.map((answer) => answer.nanos);
}

function figure(answers: readonly Answer[]): string {
  return Math.round(median(nanos(answers))).toLocaleString('en');
}
