import type { StalePolicy } from '../config/stale-options.js';
import type { CacheControl } from '../http/cache-control.js';
import { forbidsStale } from '../http/freshness.js';
import type { StaleLimits } from '../ports/stored-response.js';

/** What the policy of a view says of lifetimes, and of what comes after them. */
interface Policy {
  readonly lifetimeMs: number | 'origin';
  readonly stale: StalePolicy;
}

/**
 * How long a response may be used past its lifetime (RFC 5861).
 *
 * In the standard profile its own word comes first, and what forbids serving it stale (RFC 9111 §4.2.4) is obeyed; in the
 * view profile the options are the code's word, and the response's own counts where they say nothing.
 */
export function staleLimits({ lifetimeMs, stale }: Policy, control: CacheControl): StaleLimits | undefined {
  const isForbidden = forbidsStale(control);
  if (lifetimeMs === 'origin' && isForbidden) return undefined;
  const own = isForbidden ? [] : [control.staleWhileRevalidate, control.staleIfError].map(inMs);
  const policy = [stale.whileRevalidateMs, stale.ifErrorMs];
  const [first, second] = lifetimeMs === 'origin' ? [own, policy] : [policy, own];
  const whileRevalidateMs = first?.[0] ?? second?.[0] ?? 0;
  const ifErrorMs = first?.[1] ?? second?.[1] ?? 0;
  // Most have neither, and an object for nothing.
  return whileRevalidateMs + ifErrorMs === 0 ? undefined : { whileRevalidateMs, ifErrorMs, revalidatableMs: 0 };
}

function inMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}
