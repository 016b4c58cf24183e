import { ConfigError } from '../base/errors.js';
import { checkNames } from './check.js';
import { type Beside, type ReadStore, readLogin, readQuery, SHARED_SETTINGS } from './store-parts.js';
import type { MemcachedTarget } from './store-settings.js';
import { checkEachOnce, readStoreUrl } from './store-url.js';

export const MEMCACHED = 'memcached://host:11211,host:11211';

/** Reads a URL of Memcached servers. */
export function readMemcached(setting: string, url: string, beside: Beside): ReadStore {
  checkNames('store', Object.keys(beside), ['url', 'username', 'password', 'tls', 'weights']);
  const parts = readStoreUrl(setting, url, 11_211, MEMCACHED);
  if (parts.path.some((part) => part !== '')) throw new ConfigError(setting, parts.shown, `${MEMCACHED}: no path`);
  const { weights: text, ...settings } = readQuery(url, [...SHARED_SETTINGS, 'weights']);
  const login = readLogin(parts, beside, url.startsWith('memcacheds:'));
  if (login.password !== undefined && login.username === undefined) {
    throw new ConfigError('store.username', undefined, 'the user whose password is given');
  }
  const weights = readWeights(beside['weights'] ?? text, parts.servers.length);
  checkEachOnce(setting, parts, 'each server once, and weights for more');
  const servers = parts.servers.map((server, i) => ({ ...server, weight: weights?.[i] ?? 1 }));
  const target: MemcachedTarget = { servers, ...login };
  return { store: { kind: 'memcached', target }, settings };
}

function readWeights(weights: unknown, servers: number): readonly number[] | undefined {
  if (weights === undefined) return undefined;
  const list: unknown = typeof weights === 'string' ? weights.split(',').map(numberIn) : weights;
  const isWeight = (weight: unknown): boolean =>
    Number.isSafeInteger(weight) && (weight as number) >= 1 && (weight as number) <= 100;
  if (!Array.isArray(list) || list.length !== servers || !Array.from(list).every(isWeight)) {
    throw new ConfigError('weights', weights, `one whole number from 1 to 100 for each of the ${servers} servers`);
  }
  return list as number[];
}

function numberIn(text: string): number {
  return /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
}
