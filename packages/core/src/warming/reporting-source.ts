import type { WarmProblem, WarmUrl } from './warm-types.js';

/** Hears of a part of a source that cannot be read. */
export type ReportPart = (problem: WarmProblem) => void;

/** By a name that all copies of this package have. */
const slot = Symbol.for('viewcache.warm-source');

/** URLs that are read in parts, one of which may be missing. */
export interface ReportingSource extends AsyncIterable<string> {
  readonly [slot]: (report: ReportPart) => AsyncIterable<string>;
}

/**
 * A source that reads on past what cannot be read. A warming is told of it; whoever iterates by himself gets the first error at the
 * end.
 *
 * @param read - reads it anew
 */
export function reportingSource(
  read: (report: ReportPart | undefined) => AsyncIterable<string>,
): AsyncIterable<string> & ReportingSource {
  return { [Symbol.asyncIterator]: () => read(undefined)[Symbol.asyncIterator](), [slot]: (report) => read(report) };
}

/** What a source yields, with a listener for what it cannot read, where it has parts. */
export function entriesOf(
  source: Iterable<WarmUrl> | AsyncIterable<WarmUrl>,
  report: ReportPart,
): Iterable<WarmUrl> | AsyncIterable<WarmUrl> {
  return slot in source ? (source as ReportingSource)[slot](report) : source;
}
