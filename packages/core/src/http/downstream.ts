import { formatCacheControl } from './cache-control-format.js';
import { formatHttpDate } from './http-date.js';
import { MAX_DELTA_SECONDS } from './syntax.js';

/** What caches further out are told of the lifetime of a response that says nothing of it itself. */
export interface DownstreamControl {
  /** Milliseconds for everybody, browsers above all; `Infinity` for the response's own lifetime. */
  readonly browserMs: number;
  /** Milliseconds for shared caches, where that differs. */
  readonly sharedMs: number | undefined;
  /** Milliseconds for the caches that a targeted field names (RFC 9213). */
  readonly targets: readonly (readonly [field: string, ms: number])[];
}

/** A response, as far as caches further out are concerned. */
export interface DownstreamAnswer {
  readonly lifetimeMs: number;
  /** When it was made, in milliseconds since the epoch. */
  readonly generatedAt: number;
  /** It may go out with a cookie of its visitor: no shared cache may keep that. */
  readonly isPersonal: boolean;
  /** Whether it has the field already, by lower-case name. */
  has(name: string): boolean;
}

/** Past a year nothing is known of anything; what is fresh "for ever" is told so. */
const LONGEST_SECONDS = 31_536_000;

/**
 * The fields to add to a response, name and value in turn: none that it has already, and no lifetime beyond its own.
 *
 * `max-age` counts from when the response was made, as its Age does: so what is left goes down with each answer, though
 * the field stays the same (RFC 9111 §4.2). Expires is the same instant.
 */
export function controlFields(control: DownstreamControl, answer: DownstreamAnswer): string[] {
  const seconds = (ms: number): number =>
    Math.min(Math.floor(Math.min(ms, answer.lifetimeMs) / 1000), LONGEST_SECONDS, MAX_DELTA_SECONDS);
  const fields: string[] = [];
  // Either of the two says how long: what the handler meant by one must not be undone by the other.
  if (!answer.has('cache-control') && !answer.has('expires')) {
    const maxAge = seconds(control.browserMs);
    const shared = control.sharedMs === undefined ? {} : { sMaxage: seconds(control.sharedMs) };
    fields.push(
      'Cache-Control',
      formatCacheControl(answer.isPersonal ? { private: true, maxAge } : { maxAge, ...shared }),
    );
    fields.push('Expires', formatHttpDate(answer.generatedAt + maxAge * 1000));
  }
  if (answer.isPersonal) return fields;
  for (const [field, ms] of control.targets) {
    if (!answer.has(field.toLowerCase())) fields.push(field, `max-age=${seconds(ms)}`);
  }
  return fields;
}

/** Whether a field tells a cache further out for how long, beside Cache-Control itself. */
export function isLifetimeField(name: string): boolean {
  return name === 'expires' || name === 'surrogate-control' || (name.endsWith('-cache-control') && name.length > 14);
}

/**
 * The fields of a response that nobody further out may keep: what was read for it has been invalidated meanwhile, and a
 * cache that hears of the invalidation before it gets this response would keep it for good.
 *
 * @param fields - name and value in turn
 */
export function withNoStore(fields: readonly string[]): string[] {
  return [
    ...withoutLifetimes(fields, (name) => name === 'cache-control' || isLifetimeField(name)),
    'Cache-Control',
    'no-store',
  ];
}

/**
 * The fields of a stale answer: it is this visitor's, and no shared cache may answer with it (`s-maxage=0`). Targeted
 * fields leave, because for a cache that obeys one, Cache-Control would not count.
 *
 * @param fields - name and value in turn
 */
export function withStaleControl(fields: readonly string[]): string[] {
  const kept = withoutLifetimes(
    fields,
    (name) => name === 'cache-control' || (name !== 'expires' && isLifetimeField(name)),
  );
  const directives: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]?.toLowerCase() !== 'cache-control') continue;
    // Of a repeated number the first counts, elsewhere the last (RFC 9111 §4.2.1): so there must be one only.
    directives.push(...(fields[i + 1] ?? '').split(',').filter((directive) => !/^\s*s-maxage\b/i.test(directive)));
  }
  const written = [
    ...directives.map((directive) => directive.trim()).filter((directive) => directive !== ''),
    's-maxage=0',
  ];
  return [...kept, 'Cache-Control', written.join(', ')];
}

function withoutLifetimes(fields: readonly string[], leaves: (name: string) => boolean): string[] {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    if (!leaves((fields[i] ?? '').toLowerCase())) kept.push(fields[i] ?? '', fields[i + 1] ?? '');
  }
  return kept;
}
