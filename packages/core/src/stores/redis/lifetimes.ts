/** As good as for ever, and far from where a server stops counting milliseconds. */
const LONGEST_MS = 10 * 366 * 86_400_000;
/** A week without a commit or an invalidation, and it begins anew, which costs hits. */
const SEQUENCE_MS = 7 * 86_400_000;
/** By how much a tag outlives what carries it: a SET may be carried out long after it was sent. */
const MARGIN_MS = 60_000;

/** Lifetimes in whole milliseconds: of a response, of its tags, of the sequence; none goes before what needs it. */
export function lifetimesFor(ttlMs: number): {
  readonly response: number;
  readonly tags: number;
  readonly sequence: number;
} {
  const response = Math.min(Math.ceil(ttlMs), LONGEST_MS);
  const tags = response + MARGIN_MS;
  return { response, tags, sequence: Math.max(SEQUENCE_MS, tags) };
}
