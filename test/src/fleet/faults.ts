import type { MemcachedServer } from '../servers/memcached.js';
import type { RedisServer } from '../servers/redis.js';

/** What any store can lose, in turn: some keys of tags, the sequence, and everything. */
export function loseKeys(server: RedisServer): (turn: number) => Promise<unknown> {
  return async (turn) => {
    if (turn % 20 === 5) return await server.command('FLUSHALL');
    return await loseSome(server, turn % 4 === 0 ? '*:seq' : '*:t:*');
  };
}

/**
 * The same, and what a Redis had been told since its last snapshot: it comes back with what was there before. Of a plain
 * Keyv nobody can tell that it did, so that this is nothing it could be proof against.
 */
export function loseKeysAndTime(server: RedisServer): (turn: number) => Promise<unknown> {
  const lose = loseKeys(server);
  return async (turn) => {
    switch (turn % 20) {
      case 10:
        return await server.command('SAVE');
      case 15:
        return await server.restart();
      default:
        return await lose(turn);
    }
  };
}

async function loseSome(server: RedisServer, pattern: string): Promise<void> {
  const keys = (await server.command('KEYS', pattern)) as string[];
  const lost = keys.filter(() => Math.random() < 0.5);
  if (lost.length > 0) await server.command('DEL', ...lost);
}

/** What Memcached servers can lose: some keys of any kind, and now and then everything on one of them. */
export function loseMemory(servers: readonly MemcachedServer[]): (turn: number) => Promise<unknown> {
  return async (turn) => {
    const server = servers[turn % servers.length];
    if (turn % 10 === 5) return await server?.command('flush_all');
    for (const key of (await server?.keys()) ?? []) {
      if (Math.random() < 0.3) await server?.command(`delete ${key}`);
    }
    return undefined;
  };
}
