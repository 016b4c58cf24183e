import type { CandidateName } from './candidates.js';
import { median } from './median.js';

/** What a row promises in comparison with another row of the same scenario. */
export interface Bound {
  /** `ratio`: times what the other row costs; `difference`: microseconds more than it. */
  kind: 'ratio' | 'difference';
  to: CandidateName;
  atMost: number;
  /** The major versions of Node.js it is promised for. @defaultValue all */
  nodes?: readonly number[];
  /** How the table says it. */
  words: string;
}

/** What came out for a bound. */
export interface Verdict {
  bound: Bound;
  value: number;
  held: boolean;
}

/** CPU microseconds per request of one row, a figure per round. */
export type Rounds = readonly number[];

/**
 * Compares two rows round by round and takes the median.
 *
 * Whatever else the machine does changes from round to round; within one it weighs on both rows alike.
 */
export function compare(kind: Bound['kind'], rounds: Rounds, reference: Rounds): number {
  return median(
    rounds.map((micros, round) => {
      const other = reference[round] ?? Number.NaN;
      return kind === 'ratio' ? micros / other : micros - other;
    }),
  );
}

/** Judges the bounds that are promised for this major version of Node.js. */
export function judge(
  bounds: readonly Bound[],
  nodeMajor: number,
  rounds: Rounds,
  roundsOf: (candidate: CandidateName) => Rounds | undefined,
): Verdict[] {
  return bounds
    .filter(({ nodes }) => nodes?.includes(nodeMajor) ?? true)
    .flatMap((bound) => {
      const reference = roundsOf(bound.to);
      if (!reference) return [];
      const value = compare(bound.kind, rounds, reference);
      return [{ bound, value, held: value <= bound.atMost }];
    });
}
