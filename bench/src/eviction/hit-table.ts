import { CASES } from '../../../test/dist/traces/cases.js';
import { replay } from '../../../test/dist/traces/replay.js';
import type { Trace } from '../../../test/dist/traces/trace.js';
import type { Progress } from '../progress.js';
import { auto, FIXED } from './policies.js';

/** What each policy answers of a trace in a store of one size. */
export interface Row {
  readonly trace: string;
  readonly size: number;
  /** In percent, `auto` among them. */
  readonly ratios: Readonly<Record<string, number>>;
}

const SHARES = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5];

/** Sizes at which a trace is replayed: those it is known by, else some shares of what it asks for. */
export function sizesOf({ name, unique }: Trace): readonly number[] {
  const known = CASES.find((each) => each.name === name);
  return known?.sizes ?? sharesOf(unique, SHARES);
}

/** So many entries for each of these shares of all, each number once. */
export function sharesOf(unique: number, shares: readonly number[]): number[] {
  return [...new Set(shares.map((share) => Math.max(1, Math.round(share * unique))))];
}

/** A row for each size, by number of entries; where the trace has sizes of its own, by bytes. */
export function rowsOf(trace: Trace, sizes: readonly number[], progress: Progress): Row[] {
  return sizes.map((size) => {
    const ratios: Record<string, number> = {};
    const policies = Object.entries({ ...FIXED, auto });
    policies.forEach(([name, create], i) => {
      progress.step(`${trace.name}, ${size.toLocaleString('en')}: ${name}`, i, policies.length);
      const limits =
        trace.sizes === undefined ? { maxEntries: size, maxBytes: size } : { maxEntries: 2 ** 23, maxBytes: size };
      ratios[name] = (100 * replay(create, trace, limits).hits) / trace.ids.length;
    });
    progress.line(
      `${trace.name}, ${size.toLocaleString('en')}: auto ${ratios['auto']?.toFixed(2)} %, ${bestOf(ratios)}`,
    );
    return { trace: trace.name, size, ratios };
  });
}

/** The fixed policy that answers most. */
function bestFixed(ratios: Row['ratios']): [name: string, ratio: number] {
  const names = Object.keys(FIXED);
  return names.map((name) => [name, ratios[name] as number] as [string, number]).sort((a, b) => b[1] - a[1])[0] as [
    string,
    number,
  ];
}

function bestOf(ratios: Row['ratios']): string {
  const [name, ratio] = bestFixed(ratios);
  return `best of the fixed ones ${name} ${ratio.toFixed(2)} %`;
}

/** The table, and what `auto` comes to over it. */
export function hitTable(rows: readonly Row[], unit: string): string {
  const names = [...Object.keys(FIXED), 'auto'];
  const lines = rows.map(({ trace, size, ratios }) => {
    const [, best] = bestFixed(ratios);
    const cells = names.map((name) => {
      const text = (ratios[name] as number).toFixed(2);
      return ratios[name] === best ? `**${text}**` : text;
    });
    return `| ${trace} | ${size.toLocaleString('en')} | ${cells.join(' | ')} | ${(best - (ratios['auto'] as number)).toFixed(2)} |`;
  });
  return [
    `| trace | ${unit} | ${names.join(' | ')} | best fixed − auto |`,
    `|---|---:|${names.map(() => '---:|').join('')}---:|`,
    ...lines,
  ].join('\n');
}

/** What `auto` comes to over all rows. */
export function autoSummary(rows: readonly Row[]): string {
  const gaps = rows.map(({ ratios }) => bestFixed(ratios)[1] - (ratios['auto'] as number));
  const belowLru = rows.map(({ ratios }) => (ratios['lru'] as number) - (ratios['auto'] as number));
  const mean = (numbers: readonly number[]): number => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
  return `Over ${rows.length} rows \`auto\` is ${mean(gaps).toFixed(2)} points below the best fixed policy of each row on average, ${Math.max(...gaps).toFixed(2)} at worst; at most ${Math.max(...belowLru).toFixed(2)} below \`lru\`, and ${(-mean(belowLru)).toFixed(2)} above it on average. The next best, over all rows: ${nextBest(rows)}.`;
}

function nextBest(rows: readonly Row[]): string {
  const means = Object.keys(FIXED).map((name) => {
    const gaps = rows.map(({ ratios }) => bestFixed(ratios)[1] - (ratios[name] as number));
    return { name, mean: gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length, worst: Math.max(...gaps) };
  });
  return means
    .sort((a, b) => a.mean - b.mean)
    .slice(0, 4)
    .map(({ name, mean, worst }) => `${name} ${mean.toFixed(2)} and ${worst.toFixed(2)}`)
    .join('; ');
}
