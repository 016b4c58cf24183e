import { type Duration, parseDuration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import { KeyMaker } from '../engine/cache-key.js';
import type { ContentCoding } from '../http/content-coding.js';
import type { HeuristicLimits } from '../http/freshness.js';
import { checkBoolean, checkCount, checkFunction, checkOneOf, checkOptions, withDefaults } from './check.js';
import { readContentCodings } from './content-codings.js';
import { type EmissionSettings, readEmission } from './emission.js';
import { readIgnoredQuery } from './ignored-query.js';
import { type InputRules, readInputs } from './input-options.js';
import { readHeuristics, readStatuses, readTtl, type StatusLifetimes } from './lifetimes.js';
import { readStaleOptions, STALE_OPTIONS, type StalePolicy } from './stale-options.js';
import { readTrackReads } from './track-reads.js';
import {
  readBodyLimit,
  readCookieNames,
  readFieldNames,
  readHonours,
  readMethods,
  readPlaceholders,
  readPrefix,
  readTags,
  readTargets,
} from './view-option-checks.js';
import {
  CACHE_STATUS_LEVELS,
  type CacheStatusLevel,
  type FinishedResponse,
  type RequestDirective,
  type ViewOptions,
} from './view-option-types.js';

export type { CacheStatusLevel, RequestDirective } from './view-option-types.js';

/** What becomes of the cookies that a handler sets; of any other, its response is not stored. */
export interface CookiePolicy {
  readonly stripCookies: ReadonlySet<string> | undefined;
  readonly storeCookies: ReadonlySet<string> | undefined;
}

/** {@link ViewOptions} with nothing left open. */
export interface ViewPolicy<Req, Res> extends CookiePolicy {
  /** What has these options, for messages: `cachePage`. */
  readonly name: string;
  /** Milliseconds, or the standard profile. */
  readonly lifetimeMs: number | 'origin';
  /** There is no ttl: until it is invalidated, where reads are tracked. */
  readonly isUnsaid: boolean;
  /** `undefined`: as the cache says. */
  readonly trackReads: boolean | undefined;
  readonly keys: KeyMaker;
  /** Whether a query parameter is left out of the key. */
  readonly isIgnored: (name: string) => boolean;
  readonly key: ((req: Req) => string | number | undefined) | undefined;
  readonly vary: readonly string[];
  readonly tags: readonly string[] | ((req: Req, res: Res) => readonly string[]);
  readonly when: ((req: Req) => boolean) | undefined;
  readonly storeIf: ((response: FinishedResponse) => boolean) | undefined;
  readonly statuses: StatusLifetimes | undefined;
  readonly heuristics: HeuristicLimits | undefined;
  /** Milliseconds past its lifetime for which a stored response is kept to be validated. */
  readonly revalidatableMs: number;
  readonly methods: ReadonlySet<string>;
  readonly maxBodyBytes: number;
  readonly maxTags: number;
  readonly honours: ReadonlySet<RequestDirective> | undefined;
  readonly placeholders: readonly (readonly [name: string, fill: (req: Req, res: Res) => string])[];
  readonly contentCodings: readonly ContentCoding[];
  /** Names of targeted fields, lower case. */
  readonly targets: readonly string[];
  readonly inputs: InputRules;
  readonly cacheStatus: CacheStatusLevel;
  readonly serverTiming: boolean;
  readonly stale: StalePolicy;
  readonly emission: EmissionSettings | undefined;
}

/** The names of {@link ViewOptions}; an adapter adds its own. */
export const VIEW_OPTIONS = [
  'ttl',
  'key',
  'keyPrefix',
  'vary',
  'tags',
  'when',
  'storeIf',
  'statuses',
  'heuristicFreshness',
  'revalidateFor',
  'methods',
  'maxBodyBytes',
  'maxTags',
  'stripCookies',
  'storeCookies',
  'honourRequest',
  'placeholders',
  'contentCodings',
  'ignoreQuery',
  'targets',
  'trackReads',
  'inputs',
  'watch',
  'cacheStatus',
  'serverTiming',
  ...STALE_OPTIONS,
  'emitCacheControl',
  'emitTags',
] as const;

const DEFAULTS = {
  keyPrefix: '',
  vary: [],
  tags: [],
  methods: ['GET', 'HEAD'],
  maxBodyBytes: '1mb',
  maxTags: 64,
  placeholders: {},
  contentCodings: [],
  targets: [],
  cacheStatus: 'short',
  serverTiming: false,
} as const;

/**
 * Reads the options of a view.
 *
 * @param what - the function's name, for errors and warnings: `cachePage`
 * @param extra - names of options that the adapter reads itself
 * @param space - keeps what one view stores out of reach of others; asked for at the first request
 * @throws {@link ConfigError} that names the setting, the value given and what is allowed
 */
export function readViewOptions<Req, Res>(
  what: string,
  options: Duration | ViewOptions<Req, Res>,
  extra: readonly string[] = [],
  space: () => string = () => '',
): ViewPolicy<Req, Res> {
  const given: ViewOptions<Req, Res> = typeof options === 'object' && options !== null ? options : { ttl: options };
  checkOptions(what, given, [...VIEW_OPTIONS, ...extra], "a ttl, such as 300 or '5m', or ");
  const trackReads = readTrackReads(`${what}.trackReads`, given.trackReads);
  // What somebody has meant to give, and has not, is no ttl that was left out on purpose.
  const isUnsaid = !('ttl' in given) && trackReads !== false;
  const lifetimeMs = isUnsaid ? Number.POSITIVE_INFINITY : readTtl(`${what}.ttl`, given.ttl);
  refuseOtherProfile(what, given);
  const isIgnored = readIgnoredQuery(`${what}.ignoreQuery`, given.ignoreQuery);
  const key = checkFunction(`${what}.key`, given.key, 'a function of the request');
  const settings = withDefaults(DEFAULTS, given);
  const vary = readFieldNames(`${what}.vary`, settings.vary);
  const { revalidateFor = lifetimeMs === 'origin' ? '1h' : 0 } = given;
  return {
    name: what,
    lifetimeMs,
    isUnsaid,
    trackReads,
    keys: new KeyMaker({
      keyPrefix: readPrefix(`${what}.keyPrefix`, settings.keyPrefix),
      isIgnored,
      get space() {
        return space();
      },
    }),
    isIgnored,
    key,
    vary,
    tags: readTags(`${what}.tags`, settings.tags),
    when: checkFunction(`${what}.when`, given.when, 'a function of the request'),
    storeIf: checkFunction(`${what}.storeIf`, given.storeIf, 'a function of the finished response'),
    statuses: readStatuses(`${what}.statuses`, given.statuses),
    heuristics: readHeuristics(`${what}.heuristicFreshness`, given.heuristicFreshness),
    revalidatableMs: parseDuration(`${what}.revalidateFor`, revalidateFor),
    methods: readMethods(`${what}.methods`, settings.methods, key !== undefined),
    maxBodyBytes: readBodyLimit(`${what}.maxBodyBytes`, settings.maxBodyBytes),
    maxTags: checkCount(`${what}.maxTags`, settings.maxTags, 1),
    stripCookies: readCookieNames(`${what}.stripCookies`, given.stripCookies),
    storeCookies: readCookieNames(`${what}.storeCookies`, given.storeCookies),
    honours: readHonours(`${what}.honourRequest`, given.honourRequest),
    placeholders: readPlaceholders(`${what}.placeholders`, settings.placeholders),
    contentCodings: readContentCodings(`${what}.contentCodings`, settings.contentCodings),
    targets: readTargets(`${what}.targets`, settings.targets, lifetimeMs === 'origin'),
    inputs: readInputs(what, given.inputs, given.watch, vary),
    cacheStatus: checkOneOf(`${what}.cacheStatus`, settings.cacheStatus, CACHE_STATUS_LEVELS),
    serverTiming: checkBoolean(`${what}.serverTiming`, settings.serverTiming),
    stale: readStaleOptions(what, given, lifetimeMs),
    emission: readEmission(what, given),
  };
}

/** What the code decides in the view profile and the response's headers in the standard one, or the other way round. */
function refuseOtherProfile<Req, Res>(what: string, given: ViewOptions<Req, Res>): void {
  const { ttl, statuses, heuristicFreshness } = given;
  if (ttl === 'origin' && statuses !== undefined) {
    const allowed = "no statuses with ttl: 'origin', where the response's headers decide";
    throw new ConfigError(`${what}.statuses`, statuses, allowed);
  }
  if (ttl !== 'origin' && heuristicFreshness !== undefined) {
    const allowed = "only with ttl: 'origin': elsewhere the ttl is the lifetime";
    throw new ConfigError(`${what}.heuristicFreshness`, heuristicFreshness, allowed);
  }
}
