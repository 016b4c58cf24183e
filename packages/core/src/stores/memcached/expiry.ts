const LONGEST_RELATIVE_S = 30 * 86_400;
/** Servers read it as a signed 32-bit number. */
const LATEST_S = 2 ** 31 - 1;

/**
 * A lifetime in the words of Memcached: never less than asked for, and less than two seconds more; past 30 days a date; 0
 * for ever.
 *
 * A server counts whole seconds from the last that began on its own clock: what lives for n of them may end after n - 1.
 *
 * @param now - milliseconds since the epoch
 */
export function expiryOf(ttlMs: number, now: number): number {
  const seconds = Math.ceil(ttlMs / 1000) + 1;
  if (seconds <= LONGEST_RELATIVE_S) return seconds;
  const date = Math.ceil((now + ttlMs) / 1000) + 1;
  // What a server cannot express outlives us all. A clock that is decades behind would make a date that is long over.
  return date > LONGEST_RELATIVE_S && date <= LATEST_S ? date : 0;
}
