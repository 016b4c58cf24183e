import type { TagStamp } from '../ports/stored-response.js';
import type { Fill, TaggedStore } from '../ports/tagged-store.js';

/**
 * Gives each release of an app responses of its own in a shared store, and leases, while all of them share the tags.
 *
 * So the version is in the name of a response and not in that of a tag: with it in both, a page of the next release would
 * stand as it is when the last one, still running beside it, changes the data behind it and invalidates.
 *
 * @param version - visible ASCII; empty for no releases to tell apart
 */
export function versioned(store: TaggedStore, version: string): TaggedStore {
  if (version === '') return store;
  // A space begins no key: what no version named is never found by one that did.
  const own = (key: string): string => `${version} ${key}`;
  const renamed = <F extends Omit<Fill, 'token'>>(fill: F): F => ({
    ...fill,
    key: own(fill.key),
    encode: (tags: readonly TagStamp[]) => fill.encode(tags),
  });
  const { leases } = store;
  return {
    name: store.name,
    purgesOnly: store.purgesOnly,
    ...(store.ready === undefined ? {} : { ready: (atMostMs) => store.ready?.(atMostMs) ?? Promise.resolve() }),
    ...(store.connecting === undefined ? {} : { connecting: (patience) => store.connecting?.(patience) }),
    ...(store.bus === undefined ? {} : { bus: store.bus }),
    ...(leases === undefined
      ? {}
      : {
          leases: { renewEveryMs: leases.renewEveryMs, take: (key, isPastMark) => leases.take(own(key), isPastMark) },
        }),
    ...(store.beginWrite === undefined
      ? {}
      : { beginWrite: (tags: readonly string[]) => store.beginWrite?.(tags) ?? Promise.resolve(undefined) }),
    begin: (key, decode) => store.begin(own(key), decode),
    check: (tags) => store.check(tags),
    beginMany: (keys, decode) =>
      store.beginMany(keys.map(own), (bytes, key) => decode(bytes, key.slice(version.length + 1))),
    commit: (fill) => store.commit(renamed(fill)),
    commitMany: (fills) => store.commitMany(fills.map(renamed)),
    putMany: (puts) => store.putMany(puts.map(renamed)),
    mark: (key, frame, ttlMs) => store.mark(own(key), frame, ttlMs),
    invalidate: (tags, mode, holdMs) => store.invalidate(tags, mode, holdMs),
    health: () => store.health(),
    close: () => store.close(),
  };
}
