import type { StoreSettings } from './store-settings.js';

/**
 * What is equal for two settings that name the same shared store: a string for servers by address, the object itself for
 * one that was handed in. Who logs in, and how, makes no other store of it.
 *
 * @returns `undefined` for a store that no other cache can share
 */
export function storeIdentity(store: StoreSettings): string | object | undefined {
  switch (store.kind) {
    case 'memory':
    case 'off':
    case 'null':
      return undefined;
    case 'keyv':
      return store.keyv;
    case 'memcached':
      return `memcached ${sorted(store.target.servers.map(({ host, port }) => `${host}:${port}`))}`;
    case 'redis':
      break;
  }
  const { target } = store;
  switch (target.form) {
    case 'given':
      return target.client;
    case 'single':
      // Without who logs in; the database is its end.
      return `redis ${target.url.slice(target.url.lastIndexOf('@') + 1).replace(/^\w+:\/\//, '')}`;
    case 'cluster':
      return `cluster ${sorted(target.nodes.map(withoutScheme))}`;
    case 'sentinel':
      return `sentinel ${sorted(target.nodes.map(withoutScheme))} ${target.name} ${target.database}`;
  }
}

function sorted(servers: readonly string[]): string {
  return [...servers].sort().join();
}

function withoutScheme(url: string): string {
  return url.slice(url.indexOf('//') + 2);
}
