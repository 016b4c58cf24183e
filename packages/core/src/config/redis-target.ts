import { ConfigError } from '../base/errors.js';
import { checkCount, checkNames } from './check.js';
import { type Beside, type ReadStore, readLogin, readQuery, SHARED_SETTINGS } from './store-parts.js';
import { checkCredential } from './store-secrets.js';
import type { Login, ServerAddress } from './store-settings.js';
import { checkEachOnce, formatServer, readStoreUrl, type StoreUrl } from './store-url.js';

export const REDIS = 'redis://user:password@host:6379/0';
export const CLUSTER = 'redis+cluster://host:7000,host:7001';
export const SENTINEL = 'redis+sentinel://host:26379,host:26379/mymaster';

/** `redis`, `valkey`; with TLS; to one server, a cluster or the sentinels of a master. */
export const REDIS_SCHEMES: readonly string[] = ['redis', 'valkey'].flatMap((name) =>
  ['', 's'].flatMap((tls) => ['', '+cluster', '+sentinel'].map((form) => `${name}${tls}${form}://`)),
);

/** Reads a URL of Redis or Valkey. */
export function readRedis(setting: string, url: string, beside: Beside): ReadStore {
  const [, s, form] = /^(?:redis|valkey)(s?)(?:\+(cluster|sentinel))?:/.exec(url) ?? [];
  const read = form === 'cluster' ? readCluster : form === 'sentinel' ? readSentinel : readSingle;
  return read({ setting, url, beside, isSecure: s === 's' });
}

/** A URL that is about to be read. */
interface Unread {
  readonly setting: string;
  readonly url: string;
  readonly beside: Beside;
  readonly isSecure: boolean;
}

const LOGIN = ['url', 'username', 'password', 'tls'];

function readSingle({ setting, url, beside, isSecure }: Unread): ReadStore {
  checkNames('store', Object.keys(beside), [...LOGIN, 'database']);
  const parts = readStoreUrl(setting, url, 6_379, REDIS);
  const [server, ...others] = parts.servers;
  if (server === undefined || others.length > 0)
    throw new ConfigError(setting, parts.shown, `one server, or ${CLUSTER}, or ${SENTINEL}`);
  const settings = readQuery(url, SHARED_SETTINGS);
  const database = readDatabase(setting, parts, parts.path, beside['database'], REDIS);
  const login = readLogin(parts, beside, isSecure);
  const target = { form: 'single', url: redisUrl(server, login, database), database, ...login } as const;
  return { store: { kind: 'redis', target }, settings };
}

function readCluster({ setting, url, beside, isSecure }: Unread): ReadStore {
  checkNames('store', Object.keys(beside), LOGIN);
  const parts = readStoreUrl(setting, url, 6_379, CLUSTER);
  if (parts.path.some((part) => part !== ''))
    throw new ConfigError(setting, parts.shown, `${CLUSTER}: a cluster has no databases`);
  checkEachOnce(setting, parts, 'each node once');
  const settings = readQuery(url, SHARED_SETTINGS);
  const login = readLogin(parts, beside, isSecure);
  const target = { form: 'cluster', nodes: nodesOf(parts, login), ...login } as const;
  return { store: { kind: 'redis', target }, settings };
}

function readSentinel({ setting, url, beside, isSecure }: Unread): ReadStore {
  checkNames('store', Object.keys(beside), [...LOGIN, 'database', 'sentinelUsername', 'sentinelPassword']);
  const parts = readStoreUrl(setting, url, 26_379, SENTINEL);
  const [name = '', ...path] = parts.path;
  if (name === '') throw new ConfigError(setting, parts.shown, `${SENTINEL}: the master's name follows the sentinels`);
  checkEachOnce(setting, parts, 'each sentinel once');
  const query = readQuery(url, [...SHARED_SETTINGS, 'sentinelUsername', 'sentinelPassword']);
  const { sentinelUsername, sentinelPassword, ...settings } = query;
  const own = (field: string, inUrl: unknown): string | undefined =>
    checkCredential(`store.${field}`, beside[field]) ?? checkCredential(field, inUrl);
  const login = readLogin(parts, beside, isSecure);
  const sentinel: Login = {
    username: own('sentinelUsername', sentinelUsername),
    password: own('sentinelPassword', sentinelPassword),
    tls: login.tls,
  };
  const target = {
    form: 'sentinel',
    name,
    nodes: nodesOf(parts, login),
    database: readDatabase(setting, parts, path, beside['database'], SENTINEL),
    sentinel,
    ...login,
  } as const;
  return { store: { kind: 'redis', target }, settings };
}

/** No server has as many; a longer number is a port, or something else that belongs elsewhere. */
const LAST_DATABASE = 9_999;
const DATABASES = `a whole number from 0 to ${LAST_DATABASE} (a server has 16, 0 to 15, unless it is told otherwise)`;

function readDatabase(
  setting: string,
  parts: StoreUrl,
  path: readonly string[],
  beside: unknown,
  example: string,
): number {
  const [text = '', ...more] = path;
  if (more.length > 0 || !/^\d{0,4}$/.test(text)) {
    throw new ConfigError(setting, parts.shown, `${example}: a database is ${DATABASES}`);
  }
  if (beside === undefined) return Number(text);
  if (checkCount('store.database', beside, 0) > LAST_DATABASE)
    throw new ConfigError('store.database', beside, DATABASES);
  return beside as number;
}

function nodesOf({ servers }: StoreUrl, { tls }: Login): readonly string[] {
  return servers.map((server) => `redis${tls === undefined ? '' : 's'}://${formatServer(server)}`);
}

/** As client libraries take it. */
function redisUrl(server: ServerAddress, { username, password, tls }: Login, database: number): string {
  const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`;
  const userinfo = username === undefined && secret === '' ? '' : `${encodeURIComponent(username ?? '')}${secret}@`;
  return `redis${tls === undefined ? '' : 's'}://${userinfo}${formatServer(server)}/${database}`;
}
