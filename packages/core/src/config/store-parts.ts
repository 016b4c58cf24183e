import { ConfigError } from '../base/errors.js';
import { checkOneOf } from './check.js';
import { checkCredential, HIDDEN } from './store-secrets.js';
import type { Login, StoreSettings } from './store-settings.js';
import type { StoreUrl } from './store-url.js';
import { readTls } from './tls-settings.js';

/** A store that was read, and the settings of the cache that its URL brings. */
export interface ReadStore {
  readonly store: StoreSettings;
  readonly settings: Readonly<Record<string, string | number>>;
}

/** What the object around a URL has beside it. */
export type Beside = Readonly<Record<string, unknown>>;

export const LOCAL_SETTINGS = ['maxBytes', 'maxEntries', 'policy'] as const;
/** Of a shared store; what it is called is a setting of the deployment as its URL is. */
export const SHARED_SETTINGS = [
  ...LOCAL_SETTINGS,
  'namespace',
  'version',
  'deadline',
  'l1MaxLag',
  'consistency',
] as const;

/** The settings in a URL's query: each known, and once. */
export function readQuery(url: string, known: readonly string[]): Record<string, string | number> {
  const settings: Record<string, string | number> = {};
  const scheme = url.split(':', 1)[0];
  for (const [name, value] of new URLSearchParams(/\?(.*)$/s.exec(url)?.[1] ?? '')) {
    checkOneOf(`${scheme}: setting`, name, known);
    if (name in settings) throw new ConfigError(name, name.startsWith('sentinel') ? HIDDEN : value, 'it once');
    settings[name] = name === 'maxEntries' ? Number(value) : value;
  }
  return settings;
}

/** Who logs in: what stands beside a URL wins over what is in it. */
export function readLogin(parts: StoreUrl, beside: Beside, isSecure: boolean): Login {
  const username = checkCredential('store.username', beside['username']) ?? parts.username;
  const password = checkCredential('store.password', beside['password']) ?? parts.password;
  if (username !== undefined && password === undefined) {
    throw new ConfigError('store.password', undefined, 'the password of the user that is named');
  }
  return { username, password, tls: readTls('store.tls', beside['tls'], isSecure) };
}
