import type { Duration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import type { FillToken } from '../engine/fill-token.js';
import type { KeyOf } from '../values/loaded.js';
import type { ValueOptions } from './value-option-types.js';
import { VALUE_OPTIONS } from './value-options.js';

/** What a value is found by: text, or a number, which is its text. */
export type Key = string | number;

/** Which of the values of one key is meant. */
export interface KeyOptions {
  /** A value of another version is another value: a whole number from 0 up. @defaultValue none */
  readonly version?: number | undefined;
}

/** What was known before something was read; made by `cache.token()`, and good for that cache only. */
export interface CacheToken {
  readonly [tokenBrand]: { readonly of: object; readonly known: FillToken };
}

/** Where a {@link CacheToken} keeps what it is. */
export const tokenBrand = Symbol.for('viewcache.token');

/**
 * What a token says.
 *
 * @param of - the tag table of the cache that is asked: what one knows means nothing to another
 * @throws {@link ConfigError} for anything else
 */
export function tokenOf(what: string, token: unknown, of: object): FillToken {
  const held = typeof token === 'object' && token !== null ? (token as Partial<CacheToken>)[tokenBrand] : undefined;
  if (held?.of === of) return held.known;
  throw new ConfigError(`${what}.since`, token, 'what token() of this cache has returned');
}

/** How many values are kept that are loaded as a list of rows. */
export interface RowOptions<T> extends ValueOptions<T> {
  /** Of which key a row is the value: `'id'`, or a function of the row. The order of the rows says nothing. */
  readonly by: KeyOf<T>;
}

/** The names in {@link RowOptions}. */
export const MANY_OPTIONS: readonly string[] = ['by', ...VALUE_OPTIONS];

/** @throws {@link ConfigError} for what can be no `by` */
export function readBy(what: string, by: unknown): KeyOf<never> | undefined {
  if (by === undefined || typeof by === 'function' || (typeof by === 'string' && by !== ''))
    return by as KeyOf<never> | undefined;
  throw new ConfigError(`${what}.by`, by, "the name of a row's property, such as 'id', or a function of the row");
}

/** How a value that is written is kept. */
export interface SetOptions<T = unknown>
  extends Pick<
    ValueOptions<T>,
    | 'ttl'
    | 'tags'
    | 'maxTags'
    | 'maxValueBytes'
    | 'version'
    | 'staleWhileRevalidate'
    | 'staleIfError'
    | 'jitter'
    | 'clone'
    | 'name'
  > {
  /** What the cache knew before the data was read of which the value is made: what was invalidated since counts. */
  readonly since?: CacheToken | undefined;
}

/** How a value is kept that is stored where there is none. */
export type AddOptions<T = unknown> = Omit<SetOptions<T>, 'since'>;

/** The names in {@link AddOptions}. */
export const ADD_OPTIONS: readonly string[] = [
  'ttl',
  'tags',
  'maxTags',
  'maxValueBytes',
  'version',
  'staleWhileRevalidate',
  'staleIfError',
  'jitter',
  'clone',
  'name',
];

/** The names in {@link SetOptions}. */
export const SET_OPTIONS: readonly string[] = [...ADD_OPTIONS, 'since'];

/** How a counter is counted. */
export interface IncrementOptions extends KeyOptions {
  /** What is counted from where nothing is stored. @defaultValue 0 */
  readonly initial?: number | undefined;
  /** How long a counter lives that is begun by this call; one that is there keeps its lifetime. */
  readonly ttl?: Duration | undefined;
  /** Its tags, if it is begun by this call. */
  readonly tags?: readonly string[] | undefined;
}

/** The names in {@link IncrementOptions}. */
export const INCREMENT_OPTIONS: readonly string[] = ['ttl', 'tags', 'initial', 'version'];

/** @throws {@link ConfigError} for what can be no key */
export function readKey(what: string, key: unknown): string {
  if (typeof key === 'number' && Number.isFinite(key)) return String(key);
  if (typeof key === 'string' && key !== '') return key;
  throw new ConfigError(`${what}.key`, key, 'a string that is not empty, or a number');
}

/** @throws {@link ConfigError} for what can be no name of a namespace */
export function readNamespace(name: unknown): string {
  if (typeof name === 'string' && name !== '') return name;
  throw new ConfigError('namespace', name, 'a string that is not empty');
}
