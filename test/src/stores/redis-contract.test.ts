import { afterAll, describe, expect, it } from '@jest/globals';
import { taggedStoreContract } from '@viewcache/core/testing';
import { RedisServer, startCluster } from '../servers/redis.js';
import { connected, type RedisStore, type RedisTarget } from './redis-setup.js';

const single = await RedisServer.start();
const cluster = await startCluster();
afterAll(() => Promise.all([single.stop(), cluster.stop()]));

function contract(name: string, servers: readonly RedisServer[], target: RedisTarget): void {
  const flush = (): Promise<unknown> => Promise.all(servers.map((server) => server.command('FLUSHALL')));
  taggedStoreContract(name, { describe, it, expect }, async () => {
    await flush();
    return {
      join: async (namespace = 'app') => await reachingAll(await connected(target, { namespace })),
      isAtomic: true,
      flush,
      close: async () => {},
    };
  });
}

/** Of a cluster, a store is ready when the node with its tags is. The contract's pages lie on all of them. */
async function reachingAll(store: RedisStore): Promise<RedisStore> {
  for (let i = 0; i < 30; ) {
    if (await store.mark(`probe ${i}`, Buffer.from('x'), 1)) i++;
    else await new Promise((resolve) => setImmediate(resolve));
  }
  return store;
}

contract('one Redis', [single], { form: 'single', url: single.url });
contract('a Redis Cluster of three', cluster.nodes, {
  form: 'cluster',
  nodes: cluster.nodes.slice(0, 2).map(({ url }) => url),
});
