import { warnOnce } from '../base/process-warning.js';
import type { CacheSettings } from '../config/cache-options.js';
import { storeIdentity } from '../config/store-identity.js';

/** Where a cache of this process is open: the namespaces of each store. */
const byAddress = new Map<string, Set<string>>();
const byObject = new WeakMap<object, Set<string>>();
let hasWarned = false;

/**
 * Notes that a cache is open on a namespace of a shared store, and warns once in the life of the process where another one
 * is already: as two processes do, they answer with each other's responses, but nobody meant to keep all of it twice.
 * A test that stands for several processes may, and what was closed before its successor was made, as on a hot reload, is
 * not warned of.
 *
 * @returns to be called when the cache is closed
 */
export function noteNamespace({ store, namespace }: CacheSettings): () => void {
  const identity = storeIdentity(store);
  if (identity === undefined) return () => {};
  const namespaces = namespacesOf(identity);
  // After the one warning it no longer matters how many there are.
  if (namespaces.has(namespace) && !hasWarned) {
    hasWarned = true;
    warnOnce(
      `two open caches of this process have the same store and the namespace '${namespace}': they answer with each other's responses, and each keeps a memory of its own. Make one cache and hand it around, close the first, or give each a namespace`,
    );
  }
  namespaces.add(namespace);
  return () => void namespaces.delete(namespace);
}

function namespacesOf(identity: string | object): Set<string> {
  const known = typeof identity === 'string' ? byAddress.get(identity) : byObject.get(identity);
  if (known !== undefined) return known;
  const fresh = new Set<string>();
  if (typeof identity === 'string') byAddress.set(identity, fresh);
  else byObject.set(identity, fresh);
  return fresh;
}
