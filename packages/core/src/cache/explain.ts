import { ConfigError } from '../base/errors.js';
import { normalizeQuery } from '../base/query.js';
import { CacheKey } from '../engine/cache-key.js';
import type { LocalItem } from '../engine/local-item.js';
import type { TagTable } from '../invalidation/tag-table.js';
import type { Clock } from '../ports/clock.js';
import type { LocalStore } from '../ports/local-store.js';
import type { RefusalMemory } from '../telemetry/refusal-memory.js';
import { explainTags } from './explain-tags.js';
import type { ExplainedResponse, Explanation } from './explanation.js';

/** Where an explanation is taken from. */
export interface Sources {
  readonly local: LocalStore<LocalItem>;
  readonly tags: TagTable;
  readonly clock: Clock;
  readonly refusals: RefusalMemory;
}

/** What a key says of its target. */
interface Target {
  readonly method: string;
  readonly scheme: string;
  /** `undefined` where the key names none. */
  readonly host: string | undefined;
  readonly uri: string;
}

/**
 * Explains what became of a URL in this process.
 *
 * @param readings - the ways in which routes read queries
 * @throws {@link ConfigError} for something that is no URL
 */
export function explainUrl(
  url: string,
  readings: readonly ((name: string) => boolean)[],
  { local, tags, clock, refusals }: Sources,
): Explanation {
  const { host, path, query } = readUrl(url);
  const uris = new Set(
    readings.map((isIgnored) => {
      const normal = normalizeQuery(query, isIgnored);
      return path + (normal === '' ? '' : `?${normal}`);
    }),
  );
  const isMeant = (key: string): boolean => {
    const target = targetOf(key, readings);
    if (target === undefined || !target.uris.some((uri) => uris.has(uri))) return false;
    return host === undefined || target.host === undefined || target.host === host;
  };
  const stored: ExplainedResponse[] = [];
  for (const [, item] of local.entries()) if (isMeant(item.target)) stored.push(explainItem(item, tags, clock));
  return {
    targets: [...uris].map((uri) => (host === undefined ? uri : `//${host}${uri}`)),
    stored: stored.sort((a, b) => (a.key < b.key ? -1 : 1)),
    refusals: refusals.of(isMeant),
  };
}

function readUrl(url: unknown): { host: string | undefined; path: string; query: string } {
  const parts =
    typeof url === 'string' ? /^(?:https?:\/\/([^/?#]+))?(\/[^?#]*)?(?:\?([^#]*))?(?:#.*)?$/is.exec(url) : null;
  if (parts === null || (parts[1] === undefined && parts[2] === undefined)) {
    throw new ConfigError(
      'explain',
      url,
      "a path such as '/users/1?page=2', an absolute http(s) URL, or { key } for a value",
    );
  }
  return { host: parts[1]?.toLowerCase(), path: parts[2] ?? '/', query: parts[3] ?? '' };
}

/** The host and URI of a key. A request that went past the cache is remembered by its URL alone, as the client sent it. */
function targetOf(key: string, readings: readonly ((name: string) => boolean)[]) {
  if (key.startsWith('/')) {
    const { path, query } = readUrl(key.replaceAll('\n', '%0A'));
    const uris = readings.map((isIgnored) => {
      const normal = normalizeQuery(query, isIgnored);
      return path + (normal === '' ? '' : `?${normal}`);
    });
    return { host: undefined, uris };
  }
  const target = readTarget(key);
  return target === undefined ? undefined : { host: target.host, uris: [target.uri] };
}

/** Keys whose host or URI had to be delimited are nobody's that has a URL to ask with. */
function readTarget(key: string): Target | undefined {
  const parts = /^(\S+) ([^\n:/]*):\/\/([^\n/]*)(\/[^\n]*)/.exec(key);
  if (parts === null) return undefined;
  return { method: parts[1] ?? '', scheme: parts[2] ?? '', host: parts[3] ?? '', uri: parts[4] ?? '' };
}

function explainItem(item: LocalItem, tags: TagTable, clock: Clock): ExplainedResponse {
  const { stored } = item;
  const now = clock.monotonic();
  const isInvalidated =
    tags.validity(item.records, item.token) !== 'valid' ||
    tags.ownValidity({ tags: ownTagsOf(item.target) }, item.token, item.checked) !== 'valid';
  return {
    key: stored.key,
    status: stored.status,
    route: stored.route,
    state: isInvalidated ? 'invalidated' : now < item.freshUntil ? 'fresh' : 'stale',
    selecting: selectingOf(item),
    age: Math.max(0, Math.floor((now - item.generatedAt) / 1000)),
    lifetime: stored.lifetimeMs / 1000,
    ttl: Math.floor((item.freshUntil - now) / 1000),
    ...explainTags(
      item,
      item.records.map(({ tag }) => tag),
    ),
    etag: stored.etag,
    bytes: item.weight,
  };
}

/** The tags of a view's key: of its target, and of what a key prefix and a `key` function have added. */
export function ownTagsOf(key: string): readonly string[] {
  const target = readTarget(key);
  if (target === undefined) return [];
  const { method, scheme, host = '', uri } = target;
  // What comes before them may have any text in it, and says how long that is.
  const parts = withoutPart(withoutPart(key.slice(key.indexOf('\n')), '>'), '@');
  const keyPrefix = /\n#([^\n]*)/.exec(parts)?.[1] ?? '';
  const own = /\n=\d+:([\s\S]*)$/.exec(parts)?.[1];
  const rules = { keyPrefix, space: '', isIgnored: () => false };
  return new CacheKey({ method, scheme, host, url: uri, rewritten: '', beside: '' }, rules, own).tags;
}

/**
 * What a visitor asks with who is to be answered by a key; `undefined` where a function of the app, or a host that was forwarded,
 * has had a say in it.
 */
export function plainTargetOf(key: string): { scheme: string; host: string; uri: string } | undefined {
  const target = readTarget(key);
  if (target === undefined || target.method !== 'GET') return undefined;
  const { scheme, host = '', uri } = target;
  const line = key.indexOf('\n');
  const beside = withoutPart(line < 0 ? '' : key.slice(line), '>');
  const parts = withoutPart(beside, '@');
  return /^\n@\d+:@/.test(beside) || /\n=\d+:/.test(parts) ? undefined : { scheme, host, uri };
}

function withoutPart(parts: string, mark: string): string {
  if (!parts.startsWith(`\n${mark}`)) return parts;
  const colon = parts.indexOf(':');
  return parts.slice(colon + 1 + Number(parts.slice(2, colon)));
}

/** Values as they are in the key of the variant, which is made of them. */
export function selectingOf({ stored, target }: LocalItem): Record<string, string | null> {
  const values: Record<string, string | null> = {};
  let rest = stored.key.slice(target.length);
  for (const name of stored.selecting) {
    rest = rest.slice(`\n~${name}`.length);
    const length = /^=(\d+):/.exec(rest);
    values[name] = length === null ? null : rest.slice(length[0].length, length[0].length + Number(length[1]));
    if (length !== null) rest = rest.slice(length[0].length + Number(length[1]));
  }
  return values;
}
