import { describe, expect, it } from '@jest/globals';
import Keyv from 'keyv';
import { ConfigError } from '../base/errors.js';
import { readStoreOption } from './store-option.js';
import type { RedisTarget } from './store-settings.js';

const login = { username: undefined, password: undefined, tls: undefined };
const target = (store: unknown) => {
  const { store: read } = readStoreOption(store);
  return read.kind === 'redis' || read.kind === 'memcached' ? read.target : read.kind;
};

describe('a store by URL: Redis and Valkey', () => {
  it.each<[string, Partial<Extract<RedisTarget, { form: 'single' }>>]>([
    ['redis://h', { database: 0, url: 'redis://h:6379/0', ...login }],
    ['redis://h:7000/3', { database: 3, url: 'redis://h:7000/3' }],
    ['redis://h/', { database: 0 }],
    ['redis://:pw@h', { username: undefined, password: 'pw', url: 'redis://:pw@h:6379/0' }],
    ['redis://me:p%40%2F%3A@h', { username: 'me', password: 'p@/:', url: 'redis://me:p%40%2F%3A@h:6379/0' }],
    ['redis://me:a:b@h', { username: 'me', password: 'a:b' }],
    ['rediss://h', { tls: {}, url: 'rediss://h:6379/0' }],
    ['valkey://h', { tls: undefined, url: 'redis://h:6379/0' }],
    ['valkeys://h', { tls: {}, url: 'rediss://h:6379/0' }],
    ['redis://[::1]:6380', { url: 'redis://[::1]:6380/0' }],
    ['redis://10.0.0.1', { url: 'redis://10.0.0.1:6379/0' }],
    ['redis://cache_1.internal', { url: 'redis://cache_1.internal:6379/0' }],
    ['redis://h?maxBytes=1mb', { url: 'redis://h:6379/0' }],
  ])('reads %s', (url, expected) => {
    expect(target(url)).toMatchObject({ form: 'single', ...expected });
  });

  it('reads a cluster', () => {
    const nodes = ['redis://a:7000', 'redis://b:7001', 'redis://c:6379'];
    expect(target('redis+cluster://a:7000,b:7001,c')).toEqual({ form: 'cluster', nodes, ...login });
    const secured = { form: 'cluster', nodes: ['rediss://a:7000'], username: 'me', password: 'pw', tls: {} };
    expect(target('rediss+cluster://me:pw@a:7000')).toEqual(secured);
    expect(target('valkeys+cluster://me:pw@a:7000')).toEqual(secured);
  });

  it('reads the sentinels of a master', () => {
    const nodes = ['redis://h1:26379', 'redis://h2:5000'];
    const plain = { form: 'sentinel', name: 'mymaster', nodes, database: 0, sentinel: login, ...login };
    expect(target('redis+sentinel://h1,h2:5000/mymaster')).toEqual(plain);
    expect(target('redis+sentinel://h1,h2:5000/mymaster/2')).toEqual({ ...plain, database: 2 });
    const sentinel = { username: 'watch', password: 'dog', tls: undefined };
    const own = { sentinelUsername: 'watch', sentinelPassword: 'dog' };
    const inUrl = 'redis+sentinel://h1,h2:5000/mymaster?sentinelUsername=watch&sentinelPassword=dog';
    expect(target(inUrl)).toEqual({ ...plain, sentinel });
    expect(target({ url: 'redis+sentinel://h1,h2:5000/mymaster', ...own })).toEqual({ ...plain, sentinel });
    const tls = { servername: 'x' };
    expect(target({ url: 'rediss+sentinel://me:pw@h1/m', tls })).toMatchObject({
      nodes: ['rediss://h1:26379'],
      username: 'me',
      password: 'pw',
      tls,
      sentinel: { username: undefined, password: undefined, tls },
    });
  });
});

describe('a store by URL: Memcached', () => {
  it('reads one server or several, each with its weight', () => {
    expect(target('memcached://a')).toEqual({ servers: [{ host: 'a', port: 11211, weight: 1 }], ...login });
    const servers = [
      { host: 'a', port: 11211, weight: 1 },
      { host: 'b', port: 11212, weight: 2 },
    ];
    expect(target('memcached://a,b:11212?weights=1,2')).toEqual({ servers, ...login });
    expect(target({ url: 'memcached://a,b:11212', weights: [1, 2] })).toEqual({ servers, ...login });
  });

  it('reads who logs in, and TLS', () => {
    expect(target('memcacheds://me:pw@a')).toMatchObject({ username: 'me', password: 'pw', tls: {} });
    expect(target({ url: 'memcached://a', tls: { servername: 'x' } })).toMatchObject({ tls: { servername: 'x' } });
  });
});

describe('a store as an object', () => {
  it('puts what stands beside the URL before what is in it', () => {
    const store = { url: 'redis://a:b@h/1', username: 'me', password: 'p@w', database: 2, tls: { servername: 'x' } };
    expect(target(store)).toMatchObject({
      form: 'single',
      username: 'me',
      password: 'p@w',
      database: 2,
      tls: { servername: 'x' },
      url: 'rediss://me:p%40w@h:6379/2',
    });
  });

  it('takes a URL alone, whatever the store, and settings that are undefined', () => {
    expect(target({ url: 'memory:' })).toBe('memory');
    expect(target({ url: 'redis://h', password: undefined, tls: undefined })).toMatchObject(login);
    expect(target({ url: 'redis://h', tls: true })).toMatchObject({ tls: {} });
    expect(target({ url: 'redis://h', tls: false })).toMatchObject({ tls: undefined });
  });
});

describe('a client or a Keyv as a store', () => {
  const client = {
    isOpen: false,
    connect: () => {},
    close: () => {},
    destroy: () => {},
    duplicate: () => {},
    sendCommand: () => {},
    get: () => {},
    set: () => {},
  };
  const adapter = { client, get: () => undefined, set: () => true, delete: () => true, clear: () => {} };

  it('knows a node-redis client, alone or in a Keyv, an adapter, or Keyv 6’s bridge to one', () => {
    const keyv = new Keyv({ store: adapter });
    const bridged = { get: adapter.get, set: adapter.set, delete: adapter.delete, store: { store: adapter } };
    for (const store of [client, adapter, keyv, bridged]) expect(target(store)).toEqual({ form: 'given', client });
  });

  it('leaves any other Keyv and adapter as they are', () => {
    const memjs = { get: () => {}, set: () => {}, delete: () => {}, stats: () => {} };
    for (const keyv of [new Keyv(), new Map(), { ...adapter, client: memjs }, { ...adapter, client: undefined }])
      expect(readStoreOption(keyv).store).toEqual({ kind: 'keyv', keyv });
  });

  it('says what to do with a client of ioredis', () => {
    const ioredis = { status: 'ready', connect: () => {}, disconnect: () => {}, sendCommand: () => {}, get: () => {} };
    expect(() => readStoreOption(ioredis)).toThrow("store: 'an ioredis client' is not allowed; use the URL");
  });
});

describe('a store that is wrong', () => {
  it.each<[string, unknown, string]>([
    ['store', 'redsi://h', "did you mean 'redis://'?"],
    ['store', 'Redis://h', "did you mean 'redis://'?"],
    ['store', 'redis:h', "did you mean 'redis://'?"],
    ['store', 'memcache://h', "did you mean 'memcached://'?"],
    ['store', 'rediss+clutser://h', "did you mean 'rediss+cluster://'?"],
    ['store', 'redis://', 'a host is missing'],
    ['store', 'redis:///0', 'a host is missing'],
    ['store', 'redis+cluster://a,,b', 'a host is missing'],
    ['store', 'redis://h:0', 'a port is from 1 to 65535'],
    ['store', 'redis://h:65536', 'a port is from 1 to 65535'],
    ['store', 'redis://h:x', 'a server is a host or host:port'],
    ['store', 'redis://::1', 'an IPv6 address is in brackets'],
    ['store', 'redis://h h', 'a server is a host'],
    ['store', 'redis://h/x', 'a database is a whole number'],
    ['store', 'redis://h/1/2', 'a database is a whole number'],
    ['store', 'redis://a,b', 'redis+cluster://'],
    ['store', 'redis+cluster://a/1', 'a cluster has no databases'],
    ['store', 'redis+sentinel://a', 'the master'],
    ['store', 'redis+sentinel://a/', 'the master'],
    ['store', 'redis://%zz@h', 'a % stands before'],
    ['store', 'redis://h#x', 'nothing follows a #'],
    ['store', 'redis+cluster://a:7000,b,a:7000', 'each node once: a:7000'],
    ['store', 'redis+cluster://a,A:6379', 'each node once: a:6379'],
    ['store', 'redis+sentinel://a,a:26379/m', 'each sentinel once: a:26379'],
    ['store', 'redis://h/10000', 'from 0 to 9999'],
    ['store', 'redis+sentinel://a/m/63790', 'from 0 to 9999'],
    ['store.database', { url: 'redis://h', database: 10_000 }, 'from 0 to 9999'],
    ['store', 'memcached://a/1', 'no path'],
    ['store', 'memcached://a,b,a:11211', 'each server once'],
    ['redis: setting', 'redis://h?maxbytes=1', "did you mean 'maxBytes'?"],
    ['redis: setting', 'redis://h?weights=1', "'maxBytes'"],
    ['maxBytes', 'redis://h?maxBytes=1&maxBytes=2', 'it once'],
    ['weights', 'memcached://a,b?weights=1', 'for each of the 2 servers'],
    ['weights', 'memcached://a,b?weights=1,x', 'for each of the 2 servers'],
    ['weights', 'memcached://a,b?weights=1,0', 'from 1 to 100'],
    ['weights', { url: 'memcached://a', weights: [1.5] }, 'from 1 to 100'],
    ['store.password', 'redis://me@h', 'the password of the user'],
    ['store.username', 'memcached://:pw@h', 'the user whose password'],
    ['store.password', { url: 'redis://h', password: '' }, 'a string that is not empty'],
    ['store.password', { url: 'redis://h', password: 12345 }, 'a string that is not empty'],
    ['store.database', { url: 'redis://h', database: -1 }, 'a whole number'],
    ['store.database', { url: 'redis+cluster://h', database: 1 }, 'only url, username, password, tls'],
    ['store.maxBytes', { url: 'memory:', maxBytes: 1 }, 'only url'],
    ['store.passwort', { url: 'redis://h', passwort: 'x' }, 'did you mean password?'],
    ['store.weights', { url: 'redis://h', weights: [1] }, 'only url'],
    ['store.url', { url: 'redsi://h' }, "did you mean 'redis://'?"],
    ['store.tls', { url: 'rediss://h', tls: false }, 'a URL without TLS'],
    ['store.tls', { url: 'redis://h', tls: 'yes' }, 'true, or an object'],
    ['store.tls', { url: 'redis://h', tls: null }, 'true, or an object'],
    ['store.tls.cret', { url: 'redis://h', tls: { cret: 'x' } }, 'did you mean cert?'],
    ['store.tls.ca', { url: 'redis://h', tls: { ca: [] } }, 'PEM, or a list'],
    ['store.tls.key', { url: 'redis://h', tls: { key: 7 } }, 'a string or a Buffer, PEM'],
    ['store.tls.servername', { url: 'redis://h', tls: { servername: '' } }, 'not empty'],
    ['store.tls.rejectUnauthorized', { url: 'redis://h', tls: { rejectUnauthorized: 0 } }, 'true or false'],
    ['store.tls.minVersion', { url: 'redis://h', tls: { minVersion: 'TLSv1' } }, "'TLSv1.2', 'TLSv1.3'"],
    ['store', { host: 'h' }, 'an object with such a url'],
  ])('is refused at once, naming %s: %p', (setting, store, says) => {
    expect(() => readStoreOption(store)).toThrow(ConfigError);
    let message = '';
    try {
      readStoreOption(store);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message.startsWith(`${setting}: `)).toBe(true);
    expect(message).toContain(says);
  });

  it.each<[unknown]>([
    ['redis://user:hunter2@host:x'],
    ['redis://user:hun@hunter2@host'],
    ['redis://user:hun/hunter2@host'],
    ['redis://user:hun?hunter2@host'],
    ['redis://user:hun#hunter2@host'],
    ['redis://user:hunter2'],
    ['redis://user:hunter2%@host'],
    ['redsi://user:hunter2@host'],
    ['redis:user:hunter2@host'],
    ['redis://host?password=hunter2'],
    ['redis://host/x?password=hunter2'],
    ['redis+sentinel://host/m?sentinelPassword=hunter2&sentinelPassword=hunter2'],
    ['redis+sentinel://h,h:hunter2/m'],
    [{ url: 'redis://host', passwrd: 'hunter2' }],
    [{ url: 'redis://host/x', password: 'hunter2' }],
    [{ url: 'redis://host', tls: { passphrase: ['hunter2'], key: 'hunter2' } }],
    [{ url: 'redis://host', tls: 'hunter2' }],
    [{ url: 'memory:', password: 'hunter2' }],
  ])('has no credential of %j in its error', (store) => {
    let thrown: unknown;
    try {
      readStoreOption(store);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ConfigError);
    const { value: _hidden, ...shown } = thrown as ConfigError;
    expect(JSON.stringify([String(thrown), shown])).not.toContain('hunter2');
    if (typeof store === 'string') expect(JSON.stringify(thrown)).not.toContain('hunter2');
  });
});
