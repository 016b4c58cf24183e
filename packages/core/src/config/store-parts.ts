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
    if (BESIDE.includes(name)) throw new ConfigError(`${scheme}: setting`, name, besideUrl(name));
    checkOneOf(`${scheme}: setting`, name, known);
    if (name in settings) throw new ConfigError(name, name.startsWith('sentinel') ? HIDDEN : value, 'it once');
    settings[name] = readSetting(name, value);
  }
  return settings;
}

/** What is no setting of a deployment, or too secret for a URL that is logged. */
const BESIDE = ['secret', 'compress', 'collapseTimeout', 'onInvalidateFailure', 'maxVariants'];

function besideUrl(name: string): string {
  return `it as an option beside the store: createCache({ store, ${name} })`;
}

const DURATIONS = ['deadline', 'l1MaxLag'];

/** As the option of the same name is written, which in a URL has no types. */
function readSetting(name: string, text: string): string | number {
  if (name === 'maxEntries') return /^\d{1,15}$/.test(text) ? Number(text) : text;
  if (!DURATIONS.includes(name)) return text;
  if (/^0+$/.test(text)) return 0;
  // An option's number is seconds; who writes one into a URL may as well mean milliseconds.
  if (!/^\d+(?:\.\d+)?$/.test(text)) return text;
  const allowed = "a duration with its unit, such as '50ms', '2s', '5m'";
  throw new ConfigError(name, text, allowed, `${name}=${text}ms or ${name}=${text}s`);
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
