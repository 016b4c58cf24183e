import { type Duration, parseDuration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import { checkCount, checkOneOf, withDefaults } from './check.js';

/** Who makes a stale response new again. */
const REVALIDATIONS = ['background', 'leader'] as const;

/** When a stale response may answer, and how it is made new again. */
export interface StaleOptions {
  /**
   * For so long after its lifetime a stored response still answers at once, while it is made new again behind the answer
   * (RFC 5861 §3): seconds, or `'1m'`. Never one that was invalidated. Costs memory for as long, and visitors an older page.
   *
   * @defaultValue what the response's own `stale-while-revalidate` says, else `0`
   */
  readonly staleWhileRevalidate?: Duration | undefined;
  /**
   * For so long after its lifetime a stored response answers when the handler throws, answers 500 or worse, breaks off or
   * takes too long (RFC 5861 §4): seconds, or `'1h'`. Also one that was invalidated; never one that was purged. Costs
   * memory for as long, and that an error goes unseen.
   *
   * @defaultValue what the response's own `stale-if-error` says, else `0`
   */
  readonly staleIfError?: Duration | undefined;
  /**
   * `'background'`: the handler runs once more when the visitor has been answered, on the same request and response. `'leader'`:
   * one visitor waits for it while the others get what is stale; for routes whose middleware frees on `finish` what the
   * handler needs. HTTP/2 always has the latter.
   *
   * @defaultValue `'background'`
   */
  readonly revalidate?: 'background' | 'leader' | undefined;
  /**
   * A refresh that takes longer is given up, and another visitor may begin the next one.
   *
   * @defaultValue `'30s'`
   */
  readonly refreshTimeout?: Duration | undefined;
  /**
   * Refreshes of this view that may run at a time; beyond it what is stale answers without one.
   *
   * @defaultValue 32
   */
  readonly maxRefreshes?: number | undefined;
  /**
   * A hit within so much of the end of its lifetime makes the response new behind the answer, so that none has to be stale:
   * less than the ttl. Only what is read is refreshed. Costs handler runs somewhat earlier than needed.
   *
   * @defaultValue none
   */
  readonly earlyRefresh?: Duration | undefined;
  /**
   * Each lifetime is shortened by a random part of this, so that what was stored together does not end together: less
   * than the ttl, and never more than half of a lifetime.
   *
   * @defaultValue none
   */
  readonly jitter?: Duration | undefined;
  /**
   * How long a visitor waits for the handler where a stale response may answer by `staleIfError` or
   * `staleWhileRevalidate`: then it does, and what the handler answers later is stored all the same.
   *
   * @defaultValue none: as long as it takes
   */
  readonly softTimeout?: Duration | undefined;
  /**
   * How long a visitor waits for the handler at all: then a stale response answers, or a 504 where there is none. What the
   * handler answers later is stored all the same. More than `softTimeout`.
   *
   * @defaultValue none
   */
  readonly hardTimeout?: Duration | undefined;
}

/** {@link StaleOptions} in milliseconds, with nothing left open. */
export interface StalePolicy {
  /** `undefined`: what the response says. */
  readonly whileRevalidateMs: number | undefined;
  /** `undefined`: what the response says. */
  readonly ifErrorMs: number | undefined;
  readonly revalidate: 'background' | 'leader';
  readonly refreshTimeoutMs: number;
  readonly maxRefreshes: number;
  /** 0: none. */
  readonly earlyRefreshMs: number;
  /** 0: none. */
  readonly jitterMs: number;
  readonly softTimeoutMs: number | undefined;
  readonly hardTimeoutMs: number | undefined;
}

/** The names of {@link StaleOptions}. */
export const STALE_OPTIONS = [
  'staleWhileRevalidate',
  'staleIfError',
  'revalidate',
  'refreshTimeout',
  'maxRefreshes',
  'earlyRefresh',
  'jitter',
  'softTimeout',
  'hardTimeout',
] as const;

const DEFAULTS = { revalidate: 'background', refreshTimeout: '30s', maxRefreshes: 32 } as const;

/**
 * Reads the options about stale responses.
 *
 * @param what - the function's name, for errors: `cachePage`
 * @param lifetimeMs - what the view's ttl comes to
 * @throws {@link ConfigError} that names the setting, the value given and what is allowed
 */
export function readStaleOptions(what: string, given: StaleOptions, lifetimeMs: number | 'origin'): StalePolicy {
  const settings = withDefaults(DEFAULTS, given);
  const softTimeoutMs = readWait(`${what}.softTimeout`, given.softTimeout);
  const hardTimeoutMs = readWait(`${what}.hardTimeout`, given.hardTimeout);
  if (softTimeoutMs !== undefined && hardTimeoutMs !== undefined && hardTimeoutMs <= softTimeoutMs)
    throw new ConfigError(`${what}.hardTimeout`, given.hardTimeout, 'more than softTimeout');
  return {
    whileRevalidateMs: readOptional(`${what}.staleWhileRevalidate`, given.staleWhileRevalidate),
    ifErrorMs: readOptional(`${what}.staleIfError`, given.staleIfError),
    revalidate: checkOneOf(`${what}.revalidate`, settings.revalidate, REVALIDATIONS),
    refreshTimeoutMs: atLeastSome(`${what}.refreshTimeout`, settings.refreshTimeout),
    maxRefreshes: checkCount(`${what}.maxRefreshes`, settings.maxRefreshes, 1),
    earlyRefreshMs: readPart(`${what}.earlyRefresh`, given.earlyRefresh, lifetimeMs),
    jitterMs: readPart(`${what}.jitter`, given.jitter, lifetimeMs),
    softTimeoutMs,
    hardTimeoutMs,
  };
}

function readOptional(setting: string, value: Duration | undefined): number | undefined {
  return value === undefined ? undefined : parseDuration(setting, value);
}

function readWait(setting: string, value: Duration | undefined): number | undefined {
  return value === undefined ? undefined : atLeastSome(setting, value);
}

/** A time to wait: none at all would answer nobody. */
function atLeastSome(setting: string, value: Duration): number {
  const ms = parseDuration(setting, value);
  if (ms === 0) throw new ConfigError(setting, value, "more than 0, such as '250ms'");
  return ms;
}

/** A part of the lifetime: all of it would leave nothing. */
function readPart(setting: string, value: Duration | undefined, lifetimeMs: number | 'origin'): number {
  const ms = readOptional(setting, value) ?? 0;
  if (typeof lifetimeMs === 'number' && ms > 0 && ms >= lifetimeMs)
    throw new ConfigError(setting, value, 'less than the ttl');
  return ms;
}
