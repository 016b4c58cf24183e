import { MemcachedServer } from '../servers/memcached.js';
import { RedisServer } from '../servers/redis.js';
import { SilentProxy } from '../servers/silent-proxy.js';

/** A store that is about to fail. */
export interface Scene {
  /** Its URL, for all processes. */
  readonly store: string;
  /** How many that is: each has a limit of its own to what is under way. */
  readonly servers: number;
  /** It fails. */
  strike(): unknown;
  /** It is well again. */
  mend(): unknown;
  stop(): unknown;
}

/** One way for a store to fail. */
export interface Outage {
  readonly name: string;
  start(): Promise<Scene>;
  /** It has failed already when the app starts. */
  readonly isAtBoot?: boolean;
  /** What is written may be lost, but invalidations get through. */
  readonly isHeard?: boolean;
  /** One of several servers fails: some invalidations get through. */
  readonly isPartial?: boolean;
  /** How long after its return it is used again at the latest. */
  readonly backMs?: number;
}

export const redisOutages: readonly Outage[] = [
  { name: 'is absent at boot', isAtBoot: true, start: () => redis((server) => server.kill(), restarted) },
  { name: 'is killed', start: () => redis((server) => server.kill(), restarted) },
  {
    name: 'is stopped',
    start: () =>
      redis(
        (server) => server.pause(),
        (server) => server.resume(),
      ),
  },
  {
    name: 'is out of memory',
    isHeard: true,
    start: () =>
      redis(
        (server) => configure(server, 'maxmemory', '1'),
        (server) => configure(server, 'maxmemory', '0'),
      ),
  },
  { name: 'becomes a replica', start: demoted },
  { name: 'lets nobody in', isAtBoot: true, start: locked },
  { name: 'is behind a connection that has gone silent', start: () => silent('redis') },
];

export const memcachedOutages: readonly Outage[] = [
  { name: 'is absent at boot', isAtBoot: true, start: () => memcached(1, (server) => server.kill(), again) },
  { name: 'loses one of two', isPartial: true, start: () => memcached(2, (server) => server.kill(), again) },
  { name: 'has one of two stopped', isPartial: true, start: () => memcached(2, pause, (server) => server.resume()) },
  {
    name: 'is behind a connection that has gone silent',
    start: () => silent('memcached'),
    // A probe finds the connection silent, a second later it is given up, and the next probe uses another.
    backMs: 3_000,
  },
];

const restarted = (server: RedisServer): Promise<void> => server.restart();
const again = (server: MemcachedServer): Promise<void> => server.restart();
const pause = (server: MemcachedServer): void => server.pause();
const configure = (server: RedisServer, name: string, value: string): Promise<unknown> =>
  server.command('CONFIG', 'SET', name, value);

async function redis(strike: (server: RedisServer) => unknown, mend: (server: RedisServer) => unknown): Promise<Scene> {
  const server = await RedisServer.start();
  return {
    store: server.url,
    servers: 1,
    strike: () => strike(server),
    mend: () => mend(server),
    stop: () => server.stop(),
  };
}

async function demoted(): Promise<Scene> {
  const [server, primary] = await Promise.all([RedisServer.start(), RedisServer.start()]);
  return {
    store: server.url,
    servers: 1,
    strike: () => server.command('REPLICAOF', '127.0.0.1', primary.port),
    mend: () => server.command('REPLICAOF', 'NO', 'ONE'),
    stop: () => Promise.all([server.stop(), primary.stop()]),
  };
}

async function locked(): Promise<Scene> {
  const server = await RedisServer.start({ requirepass: 'right' });
  await server.command('AUTH', 'right');
  return {
    store: server.url.replace('//', '//:wrong@'),
    servers: 1,
    strike: () => {},
    mend: () => configure(server, 'requirepass', 'wrong'),
    stop: () => server.stop(),
  };
}

async function memcached(
  count: number,
  strike: (server: MemcachedServer) => unknown,
  mend: (server: MemcachedServer) => unknown,
): Promise<Scene> {
  const servers = await Promise.all(Array.from({ length: count }, () => MemcachedServer.start()));
  const [first] = servers as [MemcachedServer];
  return {
    store: `memcached://${servers.map(({ port }) => `127.0.0.1:${port}`).join()}`,
    servers: count,
    strike: () => strike(first),
    mend: () => mend(first),
    stop: () => Promise.all(servers.map((server) => server.kill())),
  };
}

async function silent(scheme: 'redis' | 'memcached'): Promise<Scene> {
  const server = scheme === 'redis' ? await RedisServer.start() : await MemcachedServer.start();
  const proxy = await SilentProxy.start(server.port);
  return {
    store: `${scheme}://127.0.0.1:${proxy.port}`,
    servers: 1,
    strike: () => proxy.silence(),
    mend: () => proxy.heal(),
    stop: () => {
      proxy.close();
      return server.kill();
    },
  };
}
