import { normalizeQuery } from '../base/query.js';
import {
  ALL_TAG,
  keyPrefixes,
  keyPrefixTag,
  keyTag,
  namespaceTag,
  pathPrefixes,
  pathPrefixTag,
  pathTag,
  urlTag,
} from '../invalidation/tags.js';

/** A request as the key sees it: what the target URI is made of (RFC 9110 §7.1), already through the app's trust-proxy. */
export interface RequestTarget {
  readonly method: string;
  readonly scheme: string;
  readonly host: string;
  /** Path and query as the client sent them. */
  readonly url: string;
  /** Path and query as middleware rewrote them, where that differs from `url`; else empty. */
  readonly rewritten: string;
  /** What handlers read of the target beside all this, as the framework has it; empty where there is nothing else. */
  readonly beside: string;
}

/** How a policy makes keys. */
export interface KeyRules {
  /** Put in front of every key; also a namespace that can be invalidated as a whole. */
  readonly keyPrefix: string;
  /** Keeps what one kind of route stores out of reach of others; empty for all but those answered early. */
  readonly space: string;
  isIgnored(name: string): boolean;
}

/** Bytes of remembered keys, roughly; past it the memory starts anew, which costs normalisations and nothing else. */
const REMEMBERED = 4_000_000;
/** A longer URL is normalised each time it is asked for rather than remembered. */
const REMEMBERED_LENGTH = 1_024;
/** What a remembered key costs beside its own two texts: its object, its place in the map, its tags. */
const REMEMBERED_OVERHEAD = 700;
/** What a map costs that may hold one key only, where every request names another host. */
const MAP_OVERHEAD = 300;

/** What a scheme and a host are made of, where each can be told from what follows it in a key. */
const PLAIN_SCHEME = /^[^\n:/]*$/;
const PLAIN_HOST = /^[^\n/]*$/;

/** The scheme and host of a target, as a key has them: alike for many requests, so made once for all that follow. */
class Origin {
  readonly lowerHost: string;
  readonly text: string;

  constructor(
    readonly scheme: string,
    readonly host: string,
  ) {
    this.lowerHost = host.toLowerCase();
    const isPlainScheme = PLAIN_SCHEME.test(scheme);
    const isPlainHost = PLAIN_HOST.test(this.lowerHost);
    this.text = `${delimited(scheme, isPlainScheme)}://${delimited(this.lowerHost, isPlainHost)}`;
  }
}

let lastOrigin = new Origin('http', 'localhost');

function originOf(scheme: string, host: string): Origin {
  if (lastOrigin.scheme !== scheme || lastOrigin.host !== host) lastOrigin = new Origin(scheme, host);
  return lastOrigin;
}

/**
 * The cache key of a target URI: method, scheme, host, path, and query in one order of names.
 *
 * No two different inputs make one key. `Host` and `X-Forwarded-*` are the client's to write, and `Host: a/b` must not be
 * taken for the path `/b` of `a`: a part that could run into the next one is length-prefixed, and so is whatever a user's
 * function or middleware has made. All others are plain, so that a key reads as a request line.
 */
export class CacheKey {
  readonly text: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  /** Its {@link KeyMaker} knows it, or has found that it is not worth knowing. */
  isRemembered: boolean;
  readonly #prefix: string;
  readonly #own: string | undefined;
  #tags: readonly string[] | undefined;

  constructor(
    readonly target: RequestTarget,
    rules: KeyRules,
    own?: string,
  ) {
    const mark = target.url.indexOf('?');
    this.path = mark < 0 ? target.url : target.url.slice(0, mark);
    const query = mark < 0 ? '' : normalizeQuery(target.url.slice(mark + 1), rules.isIgnored);
    this.query = query === '' ? '' : `?${query}`;
    const origin = originOf(target.scheme, target.host);
    this.host = origin.lowerHost;
    this.#prefix = rules.keyPrefix;
    this.#own = own;
    // A rewritten target, or what a function returned, is another one at the next request.
    this.isRemembered = own !== undefined || target.rewritten !== '';
    const uri = this.path + this.query;
    let text = `${target.method} ${origin.text}${delimited(uri, uri.startsWith('/') && !uri.includes('\n'))}`;
    if (target.rewritten !== '') text += `\n>${target.rewritten.length}:${target.rewritten}`;
    if (target.beside !== '') text += `\n@${target.beside.length}:${target.beside}`;
    if (this.#prefix !== '') text += `\n#${this.#prefix}`;
    if (rules.space !== '') text += `\n!${rules.space}`;
    if (own !== undefined) text += `\n=${own.length}:${own}`;
    this.text = text;
  }

  /** The tags that every response of this key carries: all, its namespace, its URL, its path and the prefixes of both. */
  get tags(): readonly string[] {
    if (this.#tags !== undefined) return this.#tags;
    const { path, query } = this;
    const tags = [ALL_TAG, urlTag(path + query), urlTag(`//${this.host}${path}${query}`)];
    if (query !== '') tags.push(pathTag(path), pathTag(`//${this.host}${path}`));
    for (const prefix of pathPrefixes(path)) tags.push(pathPrefixTag(prefix));
    if (this.#prefix !== '') tags.push(namespaceTag(this.#prefix));
    if (this.#own !== undefined) {
      tags.push(keyTag(this.#own));
      for (const prefix of keyPrefixes(this.#own)) tags.push(keyPrefixTag(prefix));
    }
    this.#tags = tags;
    return tags;
  }

  /** The tags that stand for exactly this target URI on this host: what a successful unsafe request invalidates. */
  get urlTags(): readonly string[] {
    return [urlTag(`//${this.host}${this.path}${this.query}`)];
  }
}

/** The part as it is, where nothing in it can be taken for what follows; else with its length, after a line feed. */
function delimited(part: string, isPlain: boolean): string {
  return isPlain ? part : `\n${part.length}:${part}`;
}

/** Makes cache keys by one policy's rules, and remembers them by raw URL so that a hit parses nothing. */
export class KeyMaker {
  readonly #rules: KeyRules;
  /** By scheme, host and raw URL: three looks cost less than to join them. */
  readonly #remembered = new Map<string, Map<string, Map<string, CacheKey>>>();
  #bytes = 0;

  constructor(rules: KeyRules) {
    this.#rules = rules;
  }

  /** The key of a target that nothing was rewritten in and no function adds to. */
  plain(method: string, scheme: string, host: string, url: string, beside = ''): CacheKey {
    const known = method === 'GET' ? this.#remembered.get(scheme)?.get(host)?.get(url) : undefined;
    if (known !== undefined && known.target.beside === beside) return known;
    return new CacheKey({ method, scheme, host, url, rewritten: '', beside }, this.#rules);
  }

  /**
   * Remembers a key that {@link plain} made. Called at a hit: what is asked for once is not worth the memory, and a
   * flood of new URLs must neither fill it nor drive out the others.
   */
  remember(key: CacheKey): void {
    const { method, scheme, host, url } = key.target;
    key.isRemembered = true;
    if (method === 'GET' && scheme.length + host.length + url.length <= REMEMBERED_LENGTH) {
      this.#remember(scheme, host, url, key);
    }
  }

  /** The key of a rewritten target, or of one whose `key` option returned `own`. */
  special(target: RequestTarget, own?: string): CacheKey {
    return new CacheKey(target, this.#rules, own);
  }

  #remember(scheme: string, host: string, url: string, key: CacheKey): void {
    const { beside } = key.target;
    const bytes = scheme.length + host.length + url.length + beside.length + key.text.length + REMEMBERED_OVERHEAD;
    this.#bytes += bytes;
    if (this.#bytes > REMEMBERED) {
      // Dropped as a whole: an exact order of use would cost every hit something.
      this.#remembered.clear();
      this.#bytes = bytes;
    }
    const hosts = this.#within(this.#remembered, scheme);
    this.#within(hosts, host).set(url, key);
  }

  #within<V>(maps: Map<string, Map<string, V>>, name: string): Map<string, V> {
    let map = maps.get(name);
    if (map === undefined) {
      map = new Map();
      maps.set(name, map);
      this.#bytes += MAP_OVERHEAD;
    }
    return map;
  }
}
