import type { WarmProblem, WarmUrl } from './warm-types.js';

/** Hears of a part of a source that cannot be read. */
export type ReportPart = (problem: WarmProblem) => void;

/** By a name that all copies of this package have. */
const slot = Symbol.for('viewcache.warm-source');
const placeSlot = Symbol.for('viewcache.warm-place');

/** URLs that are read in parts, one of which may be missing; the reading can be ended from outside. */
export interface ReportingSource extends AsyncIterable<string> {
  readonly [placeSlot]: string;
  readonly [slot]: (report: ReportPart, signal: AbortSignal) => AsyncIterable<string>;
}

/**
 * A source that reads on past what cannot be read. A warming is told of it; whoever iterates by himself gets the first error at the
 * end.
 *
 * @param place - where they are read, the same in each process
 * @param read - reads it anew
 */
export function reportingSource(
  place: string,
  read: (report?: ReportPart, signal?: AbortSignal) => AsyncIterable<string>,
): AsyncIterable<string> & ReportingSource {
  return { [Symbol.asyncIterator]: () => read()[Symbol.asyncIterator](), [placeSlot]: place, [slot]: read };
}

/** Where a source is read; `undefined` where nothing says so. */
export function placeOf(source: object): string | undefined {
  return placeSlot in source ? String(source[placeSlot]) : undefined;
}

/** What a source yields, with a listener for what it cannot read, where it has parts. */
export function entriesOf(
  source: Iterable<WarmUrl> | AsyncIterable<WarmUrl>,
  report: ReportPart,
  signal: AbortSignal,
): Iterable<WarmUrl> | AsyncIterable<WarmUrl> {
  return slot in source ? (source as ReportingSource)[slot](report, signal) : source;
}
