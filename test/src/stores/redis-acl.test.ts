import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { RedisServer, startCluster } from '../servers/redis.js';
import { repository } from '../workspace/repository.js';
import { afterwards, commit, connected, look, type RedisStore, seen } from './redis-setup.js';
import { Told } from './redis-told.js';

/** What the guide says that a user of Redis has to be allowed, for the namespace `shop`. */
const rules = Array.from(
  readFileSync(new URL('docs/guides/redis.md', repository), 'utf8').matchAll(/^ {4}ACL SETUSER viewcache (.*)$/gm),
  ([, words = '']) => words.split(' '),
);

/** Nodes but that of the tags are connected to a little later. */
async function stored(store: RedisStore, key: string): Promise<void> {
  while ((await commit(store, await look(store, key), key, 'v', ['a'])).kind !== 'stored');
}

describe.each(['single', 'cluster'] as const)('a user of Redis with the rules in the guide, %s', (form) => {
  it('can do all that is needed, and nothing with other keys', async () => {
    const words = rules[form === 'single' ? 0 : 1];
    if (words === undefined) throw new Error('the guide has no rules');
    const servers = form === 'single' ? [await RedisServer.start()] : (await startCluster()).nodes;
    for (const server of servers) {
      afterwards(() => server.stop());
      await server.command('ACL', 'SETUSER', 'viewcache', ...words);
    }
    const access = { username: 'viewcache', password: 'secret' };
    const urls = servers.map(({ url }) => url);
    const target = form === 'single' ? { form, url: String(urls[0]), ...access } : { form, nodes: urls, ...access };
    const store = await connected(target, { namespace: 'shop' });
    const other = await connected(target, { namespace: 'shop' });
    const told = new Told(store, afterwards);
    for (let i = 0; i < 10; i++) await stored(store, `k${i}`);
    await told.now();
    told.events.length = 0;
    expect(await other.invalidate(['a'], 'soft', 60_000)).toBe(true);
    await told.now();
    expect([told.events, await seen(store, 'k1')]).toEqual([['soft a'], 'stale v']);
    const lease = await store.leases?.take('k');
    if (lease?.kind !== 'mine') throw new Error('no lease');
    expect(await lease.lease.renew()).toBe(true);
    await lease.lease.release('stored');
    expect((await other.leases?.take('k'))?.kind).toBe('done');

    const stranger = await connected(target, { namespace: 'another' });
    expect(await stranger.invalidate(['a'], 'soft')).toBe(false);
    expect(await stranger.mark('k', Buffer.from('x'), 1_000)).toBe(false);
  });
});
