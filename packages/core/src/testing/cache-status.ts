import { AssertionError } from 'node:assert';
import type { ForwardReason } from '../http/cache-status.js';
import { type ListMember, type MemberValue, parseList } from '../http/structured-fields.js';

/** A thing with header fields: a fetch `Response`, one of supertest or axios, an `IncomingMessage`, what `inject` returns … */
export type Answered = { readonly headers: FieldsLike } | FieldsLike;

/** Header fields as a client has them: a `Headers`, or an object. */
export type FieldsLike = { get(name: string): unknown } | Readonly<Record<string, unknown>>;

/** What one cache says of an answer (RFC 9211 §2). */
export interface SeenCacheStatus {
  /** Answered from what was stored, without the handler. */
  readonly hit: boolean;
  /** Why the request went on to the handler; `undefined` for a hit. */
  readonly fwd: ForwardReason | undefined;
  /** The status of the handler's answer, where that is another. */
  readonly fwdStatus: number | undefined;
  /** The handler's answer is stored, as far as its head could tell. */
  readonly stored: boolean;
  /** Waited for the handler of another visitor. */
  readonly collapsed: boolean;
  /** Seconds for which it is fresh yet; below 0 for one that is stale. */
  readonly ttl: number | undefined;
  /** With `cacheStatus: 'full'`. */
  readonly key: string | undefined;
  /** With `cacheStatus: 'full'`: why it was not stored. */
  readonly detail: string | undefined;
  /** The field as it stands. */
  readonly field: string;
}

/**
 * What the cache says of an answer in its `Cache-Status` (RFC 9211).
 *
 * @param cache - whose word: the field has a member for each cache that it passed, and of several of one name the last,
 * which is nearest to the client, is meant
 * @throws `AssertionError` where there is no such field, it cannot be read, or the cache has no word in it
 *
 * @example
 * ```ts
 * const { hit, ttl } = cacheStatusOf(await fetch(url));
 * ```
 */
export function cacheStatusOf(answered: Answered, cache = 'viewcache'): SeenCacheStatus {
  const field = fieldOf(answered);
  const list = parseList(field);
  if (list === undefined) throw unread(`Cache-Status is not what RFC 9211 allows: ${field}`, cacheStatusOf);
  const parameters = list.findLast(({ value }) => textOf(value) === cache)?.parameters;
  if (parameters === undefined) throw unread(`Cache-Status has no word of ${cache}: ${field}`, cacheStatusOf);
  const fwd = textOf(parameters.get('fwd'));
  return {
    // Of both, which a correct field never has, the request that went on is the stronger (§2.1).
    hit: fwd === undefined && isTrue(parameters.get('hit')),
    fwd: fwd as ForwardReason | undefined,
    fwdStatus: numberOf(parameters.get('fwd-status')),
    stored: isTrue(parameters.get('stored')),
    collapsed: isTrue(parameters.get('collapsed')),
    ttl: numberOf(parameters.get('ttl')),
    key: textOf(parameters.get('key')),
    detail: textOf(parameters.get('detail')),
    field,
  };
}

function fieldOf(answered: Answered): string {
  const what = 'a response, or its headers';
  if (typeof answered !== 'object' || answered === null) throw new TypeError(`${describe(answered)} is not ${what}`);
  if (answered instanceof Promise) throw new TypeError(`a promise is not ${what}: await it first`);
  const { headers } = answered as { headers?: unknown };
  const fields = (typeof headers === 'object' && headers !== null ? headers : answered) as FieldsLike;
  const found = typeof fields.get === 'function' ? fields.get('cache-status') : ownField(fields);
  // A field that came in several lines is one list (RFC 9110 §5.3).
  const field = Array.isArray(found) ? found.join(', ') : found;
  if (typeof field === 'string' && field !== '') return field;
  throw unread(
    "no Cache-Status: no cachePage is in front of this route, its cacheStatus is 'none', or this is no response",
    cacheStatusOf,
  );
}

function ownField(fields: Readonly<Record<string, unknown>>): unknown {
  for (const name of Object.keys(fields)) if (name.toLowerCase() === 'cache-status') return fields[name];
  return undefined;
}

type Parameter = ListMember['value'] | undefined;

function isTrue(parameter: Parameter): boolean {
  return parameter?.kind === 'boolean' && parameter.value;
}

function numberOf(parameter: Parameter): number | undefined {
  return parameter?.kind === 'integer' ? parameter.value : undefined;
}

function textOf(value: MemberValue | undefined): string | undefined {
  return value?.kind === 'token' || value?.kind === 'string' ? value.value : undefined;
}

function describe(value: unknown): string {
  return value === null ? 'null' : typeof value;
}

function unread(message: string, stackStartFn: (...args: never[]) => unknown): AssertionError {
  return new AssertionError({ message, operator: 'cacheStatusOf', stackStartFn });
}
