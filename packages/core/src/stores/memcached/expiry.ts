const LONGEST_RELATIVE_S = 30 * 86_400;
/** Servers read it as a signed 32-bit number. */
const LATEST_S = 2 ** 31 - 1;

/**
 * A lifetime in the words of Memcached: whole seconds, never fewer than asked for; past 30 days a date; 0 for ever.
 *
 * @param now - milliseconds since the epoch
 */
export function expiryOf(ttlMs: number, now: number): number {
  const seconds = Math.max(1, Math.ceil(ttlMs / 1000));
  if (seconds <= LONGEST_RELATIVE_S) return seconds;
  const date = Math.ceil((now + ttlMs) / 1000);
  // What a server cannot express outlives us all. A clock that is decades behind would make a date that is long over.
  return date > LONGEST_RELATIVE_S && date <= LATEST_S ? date : 0;
}
