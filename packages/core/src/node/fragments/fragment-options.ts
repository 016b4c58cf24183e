import type { Duration } from '../../base/duration.js';
import { ConfigError } from '../../base/errors.js';
import type { Cache } from '../../cache/cache.js';
import { checkDefaultCache } from '../../cache/default-cache.js';
import { isCache, isFollowing } from '../../cache/runtime.js';
import { checkOptions, checkStrings, isRecord } from '../../config/check.js';
import { isTag } from '../../invalidation/tags.js';
import { type FragmentVary, readVary } from './fragment-vary.js';

/** How the fragments of an app are kept. */
export interface FragmentsOptions {
  /** @defaultValue the process's own, `defaultCache()` */
  readonly cache?: Cache | undefined;
  /**
   * Part of the key of each fragment, beside the sources of the templates: for what they do not say, such as the code of helpers.
   * Another version, and all is rendered anew.
   *
   * @defaultValue none
   */
  readonly version?: string | number | undefined;
  /**
   * What a fragment for everybody may read and show all the same, by the names that warnings have: `'res.locals.t'`,
   * `'local user'`, `'req.session'`. Nobody watches over that any more.
   *
   * @defaultValue none
   */
  readonly ignore?: readonly string[] | undefined;
}

/** How one fragment is kept. */
export interface FragmentOptions {
  /**
   * How long it is fresh: seconds, or `'5m'`; `0` = not stored; `'forever'`: until it is invalidated.
   *
   * @defaultValue as of a value: the cache's `ttl`; without one `'forever'` with tags, and else 5 minutes, with a warning
   */
  readonly ttl?: Duration | undefined;
  /** What it depends on: it is invalidated with any of these. @defaultValue what its render declares and reads */
  readonly tags?: string | readonly string[] | undefined;
  /**
   * What tells one fragment of this name from another: a value, or a list of them, such as a language or a page. Costs a stored
   * fragment for each. Says nothing of whom it is for.
   *
   * @defaultValue none
   */
  readonly vary?: FragmentVary | readonly FragmentVary[] | undefined;
  /**
   * Whom it is for, by what tells him from all others: `user.id`. It is given to requests alone that say the same. `null`,
   * `undefined` and `''` name nobody, as if it had been left out. Not together with `shared`.
   *
   * @defaultValue none: where somebody may be known to be asking it is rendered for him, and not stored
   */
  readonly visitor?: string | number | null | undefined;
  /**
   * It is the same for everybody, whoever asks: one is stored for all. Not together with `visitor`.
   *
   * @defaultValue false
   */
  readonly shared?: boolean | undefined;
}

/** One fragment of a list. */
export interface ListedFragment extends FragmentOptions {
  /** Of all items alike. */
  readonly name: string;
  /** Tells the items apart: a row's id. */
  readonly key: string | number;
}

/** {@link FragmentsOptions} with nothing left open. */
export interface FragmentsSettings {
  /** `undefined`: the default one, whichever that is. */
  readonly cache: Cache | undefined;
  readonly version: string;
  readonly ignore: ReadonlySet<string>;
}

/** {@link FragmentOptions}, as they were read. */
export interface ReadFragment {
  readonly name: string;
  readonly ttl: Duration | undefined;
  readonly tags: readonly string[];
  readonly vary: readonly FragmentVary[];
  /** Whom it is for; `undefined` where that was not said. */
  readonly visitor: string | number | undefined;
  /** It was said to be the same for everybody. */
  readonly isShared: boolean;
}

/** @throws {@link ConfigError} that names the setting, the value given and what is allowed */
export function readFragmentsOptions(options: FragmentsOptions): FragmentsSettings {
  checkOptions('fragments', options, ['cache', 'version', 'ignore']);
  const cache = isFollowing(options.cache) ? undefined : options.cache;
  if (cache !== undefined && !isCache(cache))
    throw new ConfigError('fragments.cache', cache, 'a cache made by createCache()');
  if (cache === undefined) checkDefaultCache();
  const { version = '', ignore = [] } = options;
  if (typeof version !== 'string' && (typeof version !== 'number' || !Number.isFinite(version)))
    throw new ConfigError('fragments.version', version, 'a string or a number');
  checkStrings('fragments.ignore', ignore, 'names of inputs');
  return { cache, version: String(version), ignore: new Set(ignore) };
}

const NAMES = ['ttl', 'tags', 'vary', 'visitor', 'shared'] as const;

/**
 * Reads what a template has said of a fragment.
 *
 * @param what - the function of the template, for errors
 * @throws {@link ConfigError} that names the setting, the value given and what is allowed
 */
export function readFragment(what: string, name: unknown, options: unknown): ReadFragment {
  if (typeof name !== 'string' || name === '' || name.length > LONGEST_NAME)
    throw new ConfigError(`${what}.name`, name, `a string of 1 to ${LONGEST_NAME} characters`);
  if (!isRecord(options)) {
    if (options !== undefined && typeof options !== 'number' && typeof options !== 'string')
      throw new ConfigError(what, options, `a ttl, or an object with some of ${NAMES.join(', ')}`);
    return { name, ttl: options as Duration | undefined, tags: [], vary: [], visitor: undefined, isShared: false };
  }
  checkOptions(what, options, NAMES);
  return {
    name,
    ttl: options['ttl'] as Duration | undefined,
    tags: readTags(what, options['tags']),
    vary: 'vary' in options ? readVary(`${what}.vary`, options['vary']) : [],
    ...readWhom(what, options['visitor'], options['shared']),
  };
}

function readWhom(what: string, visitor: unknown, shared: unknown): Pick<ReadFragment, 'visitor' | 'isShared'> {
  if (shared !== undefined && typeof shared !== 'boolean')
    throw new ConfigError(`${what}.shared`, shared, 'true where it is the same for everybody, or false');
  const isShared = shared === true;
  if (visitor === undefined) return { visitor: undefined, isShared };
  if (isShared)
    throw new ConfigError(`${what}.shared`, shared, 'nothing beside visitor: it is for one of them, or for everybody');
  if (visitor === null || visitor === '') return { visitor: undefined, isShared };
  if (typeof visitor === 'string' || (typeof visitor === 'number' && Number.isFinite(visitor)))
    return { visitor, isShared };
  throw new ConfigError(
    `${what}.visitor`,
    visitor,
    'a string or a number that tells him from all others, or null for nobody: `user?.id`, `String(user._id)`',
  );
}

const LONGEST_NAME = 100;

function readTags(what: string, given: unknown): readonly string[] {
  if (given === undefined) return [];
  const tags: readonly unknown[] = Array.isArray(given) ? given : [given];
  for (const tag of tags)
    if (!isTag(tag))
      throw new ConfigError(`${what}.tags`, tag, 'a tag or a list of them: strings of 1 to 256 characters each');
  return tags as readonly string[];
}

/**
 * Reads what was said of one item of a list.
 *
 * @throws {@link ConfigError} as {@link readFragment} does
 */
export function readListed(what: string, described: unknown): ReadFragment {
  if (!isRecord(described)) throw new ConfigError(what, described, 'an object with name and key for each item');
  const { name, key, ...options } = described;
  if ((typeof key !== 'string' || key === '') && (typeof key !== 'number' || !Number.isFinite(key)))
    throw new ConfigError(`${what}.key`, key, 'what tells the items apart: a string that is not empty, or a number');
  const read = readFragment(what, name, options);
  return { ...read, vary: [key, ...read.vary] };
}
