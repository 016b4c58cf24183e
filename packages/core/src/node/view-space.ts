import { createHash } from 'node:crypto';
import type { Cache } from '../cache/cache.js';

/** Which kind of view: one that middleware in front may speak for, or one that answers before it. */
export type ViewKind = 'view' | 'early';

/** The views of one cache in order of creation, each as a text of its options. */
type Views = string[];

// Two copies of the package in one process must count together.
const slot = Symbol.for('viewcache.views');
const shared = globalThis as { [slot]?: { readonly byCache: WeakMap<Cache, Views>; readonly onDefault: Views } };
shared[slot] ??= { byCache: new WeakMap(), onDefault: [] };
const registry = shared[slot];

/**
 * The key space of the next view of a cache; none for a plain one that is the only one, as in most apps.
 *
 * Two views of one URL answer differently, or there would be one: which of them a request reaches may depend on the
 * visitor, or on the app. So each keeps to itself what it stores.
 *
 * A space is named by its place among all views that there are at its first request. Where a store outlives the process,
 * the next release of the app may have other views, and what was the second one's must not become the first one's: with
 * any view more, less, or with other options, all of them have new spaces. Processes that run the same code agree.
 */
export function nextSpace(cache: Cache | undefined, kind: ViewKind, options: unknown): () => string {
  const views = viewsOf(cache);
  const place = views.push(`${kind} ${textOf(options)}`);
  let space: string | undefined;
  return () => {
    space ??= place === 1 && views.length === 1 && kind === 'view' ? '' : `${kind}${place}.${digest(views)}`;
    return space;
  };
}

function viewsOf(cache: Cache | undefined): Views {
  if (cache === undefined) return registry.onDefault;
  let views = registry.byCache.get(cache);
  if (views === undefined) {
    views = [];
    registry.byCache.set(cache, views);
  }
  return views;
}

/** What the options say, functions by their source; not which cache, which is another one in each process. */
function textOf(options: unknown): string {
  return JSON.stringify(options, (name, value: unknown) => {
    if (name === 'cache') return undefined;
    return typeof value === 'function' ? String(value) : value;
  });
}

function digest(views: Views): string {
  return createHash('sha256').update(views.join('\n')).digest('base64url').slice(0, 8);
}
