import { describe, expect, it } from '@jest/globals';
import { taggedStoreContract } from '@viewcache/core/testing';
import type { MemcachedServer } from '../servers/memcached.js';
import { join, startServers } from './memcached-party.js';

const servers = await startServers(2);
const each = (work: (server: MemcachedServer) => Promise<unknown>): Promise<unknown> => Promise.all(servers.map(work));

taggedStoreContract('two Memcached servers', { describe, it, expect }, async () => {
  await each((server) => server.command('flush_all'));
  return {
    join: (namespace = 'app') =>
      join(
        servers.map(({ seat }) => seat),
        { namespace },
      ),
    isAtomic: true,
    flush: () => each((server) => server.command('flush_all')),
    close: async () => {},
  };
});
