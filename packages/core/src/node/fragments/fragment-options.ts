import type { Duration } from '../../base/duration.js';
import { ConfigError } from '../../base/errors.js';
import { printable } from '../../base/printable.js';
import type { Cache } from '../../cache/cache.js';
import { checkDefaultCache } from '../../cache/default-cache.js';
import { isCache, isFollowing } from '../../cache/runtime.js';
import { checkBoolean, checkOptions, checkStrings, isRecord } from '../../config/check.js';
import { isTag } from '../../invalidation/tags.js';
import { type FragmentVary, readVary } from './fragment-vary.js';
import type { TemplateIdiom } from './template-idiom.js';

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
   * `'local user'`, `'req.session'`. Nobody watches over that any more. And fields that say nothing of who is asking, whatever
   * their names sound like: `'header x-tenant-id'`.
   *
   * @defaultValue none
   */
  readonly ignore?: readonly string[] | undefined;
  /**
   * Its fragments are the same by whatever scheme and host it is asked for: nothing in them is made of `req.protocol`, of
   * `req.hostname`, or of whose site that is. Else each host has its own, as it has its own cached pages.
   *
   * @defaultValue false
   */
  readonly ignoreHost?: boolean | undefined;
}

/** What is said of a fragment, but for whom it is. */
interface FragmentKept {
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
}

interface ForVisitor {
  /**
   * Whom it is for, by what tells him from all others: `user.id`. It is given to requests alone that say the same. `null`,
   * `undefined` and `''` name nobody, as if it had been left out. Not together with `shared`.
   *
   * @defaultValue none: where somebody may be known to be asking it is rendered for him, and not stored
   */
  readonly visitor?: string | number | null | undefined;
  readonly shared?: false | undefined;
}

interface ForAll {
  readonly visitor?: undefined;
  /**
   * It is the same for everybody, whoever asks: one is stored for all. Not together with `visitor`.
   *
   * @defaultValue false
   */
  readonly shared?: boolean | undefined;
}

/** How one fragment is kept: for one visitor, or for everybody. */
export type FragmentOptions = FragmentKept & (ForVisitor | ForAll);

/** One fragment of a list. */
export type ListedFragment = FragmentOptions & {
  /** Of all items alike. */
  readonly name: string;
  /** Tells the items apart: a row's id. */
  readonly key: string | number;
};

/** {@link FragmentsOptions} with nothing left open. */
export interface FragmentsSettings {
  /** `undefined`: the default one, whichever that is. */
  readonly cache: Cache | undefined;
  readonly version: string;
  readonly ignore: ReadonlySet<string>;
  readonly ignoresHost: boolean;
}

/** {@link FragmentOptions}, as they were read. */
export interface ReadFragment {
  /** How to speak of it. */
  readonly idiom: TemplateIdiom;
  /** What it was asked for with, for errors. */
  readonly call: string;
  readonly name: string;
  readonly ttl: Duration | undefined;
  readonly tags: readonly string[];
  readonly vary: readonly FragmentVary[];
  /** Whom it is for; `undefined` where that was not said. */
  readonly visitor: string | number | undefined;
  /** It was said that it is for one visitor, though he may be nobody. */
  readonly saysVisitor: boolean;
  /** It was said to be the same for everybody. */
  readonly isShared: boolean;
}

/** @throws {@link ConfigError} that names the setting, the value given and what is allowed */
export function readFragmentsOptions(options: FragmentsOptions): FragmentsSettings {
  checkOptions('fragments', options, ['cache', 'version', 'ignore', 'ignoreHost']);
  const cache = isFollowing(options.cache) ? undefined : options.cache;
  if (cache !== undefined && !isCache(cache))
    throw new ConfigError('fragments.cache', cache, 'a cache made by createCache()');
  if (cache === undefined) checkDefaultCache();
  const { version = '', ignore = [], ignoreHost = false } = options;
  if (typeof version !== 'string' && (typeof version !== 'number' || !Number.isFinite(version)))
    throw new ConfigError('fragments.version', version, 'a string or a number');
  checkStrings('fragments.ignore', ignore, 'names of inputs');
  checkBoolean('fragments.ignoreHost', ignoreHost);
  return { cache, version: String(version), ignore: new Set(ignore), ignoresHost: ignoreHost };
}

const NAMES = ['ttl', 'tags', 'vary', 'visitor', 'shared'] as const;
/** What others call the same. */
const ELSEWHERE = { key: 'vary', user: 'visitor', userId: 'visitor', public: 'shared', maxAge: 'ttl', expires: 'ttl' };

/**
 * Reads what a template has said of a fragment.
 *
 * @throws {@link ConfigError} that names the setting, the value given and what is allowed
 */
export function readFragment(idiom: TemplateIdiom, name: unknown, options: unknown): ReadFragment {
  return read(idiom, idiom.one, name, options);
}

/**
 * Reads what was said of one item of a list.
 *
 * @throws {@link ConfigError} as {@link readFragment} does
 */
export function readListed(idiom: TemplateIdiom, described: unknown): ReadFragment {
  const { many: call } = idiom;
  if (!isRecord(described)) throw new ConfigError(call, described, 'an object with name and key for each item');
  const { name, key, ...options } = described;
  checkName(call, name);
  if ((typeof key !== 'string' || key === '') && (typeof key !== 'number' || !Number.isFinite(key)))
    throw new ConfigError(
      `${callOf(call, name)}.key`,
      key,
      'what tells the items apart: a string that is not empty, or a number',
    );
  const all = read(idiom, call, name, options);
  return { ...all, vary: [key, ...all.vary] };
}

function checkName(call: string, name: unknown): asserts name is string {
  if (typeof name !== 'string' || name === '' || name.length > LONGEST_NAME)
    throw new ConfigError(`${call}.name`, name, `a string of 1 to ${LONGEST_NAME} characters`);
}

/** What errors call it: not every engine says in which template, or line, one was thrown. */
function callOf(call: string, name: string): string {
  return `${call}('${printable(name)}')`;
}

function read(idiom: TemplateIdiom, asked: string, name: unknown, options: unknown): ReadFragment {
  checkName(asked, name);
  const call = callOf(asked, name);
  const unsaid = { idiom, call, name, tags: [], vary: [], visitor: undefined, saysVisitor: false, isShared: false };
  if (!isRecord(options)) {
    if (options !== undefined && typeof options !== 'number' && typeof options !== 'string')
      throw new ConfigError(call, options, `a ttl, or an object with some of ${NAMES.join(', ')}`);
    return { ...unsaid, ttl: options as Duration | undefined };
  }
  checkOptions(call, options, NAMES, '', ELSEWHERE);
  return {
    ...unsaid,
    ttl: options['ttl'] as Duration | undefined,
    tags: readTags(call, options['tags']),
    vary: 'vary' in options ? readVary(`${call}.vary`, options['vary'], idiom.varyValue) : [],
    saysVisitor: 'visitor' in options,
    ...readWhom(idiom, call, options['visitor'], options['shared']),
  };
}

function readWhom(
  { visitorValue }: TemplateIdiom,
  call: string,
  visitor: unknown,
  shared: unknown,
): Pick<ReadFragment, 'visitor' | 'isShared'> {
  if (shared !== undefined && typeof shared !== 'boolean')
    throw new ConfigError(`${call}.shared`, shared, 'true where it is the same for everybody, or false');
  const isShared = shared === true;
  if (visitor === undefined) return { visitor: undefined, isShared };
  if (isShared)
    throw new ConfigError(`${call}.shared`, shared, 'nothing beside visitor: it is for one of them, or for everybody');
  if (visitor === null || visitor === '') return { visitor: undefined, isShared };
  if (typeof visitor === 'string' || (typeof visitor === 'number' && Number.isFinite(visitor)))
    return { visitor, isShared };
  throw new ConfigError(
    `${call}.visitor`,
    visitor,
    `a string or a number that tells him from all others, or null for nobody: ${visitorValue}`,
  );
}

const LONGEST_NAME = 100;

function readTags(call: string, given: unknown): readonly string[] {
  if (given === undefined) return [];
  const tags: readonly unknown[] = Array.isArray(given) ? given : [given];
  for (const tag of tags)
    if (!isTag(tag))
      throw new ConfigError(`${call}.tags`, tag, 'a tag or a list of them: strings of 1 to 256 characters each');
  return tags as readonly string[];
}
