import { describe, expect, it } from '@jest/globals';
import { PrismaPg } from '@prisma/adapter-pg';
import { ConfigError, createCache } from '@viewcache/core';
import { afterCommit } from '@viewcache/orm';
import { watchPrisma } from '@viewcache/orm/prisma';
import { closeAfterEach } from '../support/site.js';
import { heardBy } from './pg-world.js';
import { CLIENTS, type Client } from './prisma/client.js';
import { PrismaWorld, pagesOf } from './prisma-world.js';

const USER_1 = ['users', 'users#1'];
const rename = (prisma: Pick<Client, 'user'>, id = 1) => prisma.user.update({ where: { id }, data: { name: 'x' } });

describe('watchPrisma', () => {
  const world = new PrismaWorld();
  closeAfterEach();

  it('watches a client once for a cache, however often it is asked to, until all have stopped (68)', async () => {
    const { cache, driver, prisma } = await world.prisma();
    const again = watchPrisma(prisma.$extends({}), cache);
    const heard = heardBy(cache);
    await rename(prisma);
    expect(heard).toEqual([USER_1]);
    driver.watch();
    driver.watch();
    await rename(prisma);
    expect(heard).toHaveLength(2);
    again();
    await rename(prisma);
    expect(heard).toHaveLength(2);
  });

  it('hears nothing once it has stopped, and leaves everything as it was (68)', async () => {
    const cache = world.closing(createCache());
    const adapter = new PrismaPg({ connectionString: world.url });
    const prisma = world.client(world.url, adapter);
    const { _originalClient: core } = prisma as unknown as { _originalClient: { _engine: object } };
    const own = () => [adapter, core, core._engine].map((each) => Object.getOwnPropertyNames(each));
    const before = own();
    const stop = watchPrisma(prisma, cache);
    expect(own()).not.toEqual(before);
    await stop.ready;
    const heard = heardBy(cache);
    await rename(prisma);
    stop();
    expect(own()).toEqual(before);
    await rename(prisma);
    await prisma.$transaction(async (tx) => {
      await rename(tx);
      await afterCommit(tx, 'prices');
    });
    expect(heard).toEqual([USER_1]);
  });

  it('hears again where it is asked for again, of a client that has stayed connected', async () => {
    const { cache, driver, prisma } = await world.prisma();
    driver.watch();
    const stop = watchPrisma(prisma, cache);
    await stop.ready;
    const heard = heardBy(cache);
    await rename(prisma);
    const pages = await pagesOf(cache, { '/page': () => prisma.user.findUnique({ where: { id: 1 } }) });
    expect([heard, await pages.tagsOf('/page')]).toEqual([[USER_1], ['users#1']]);
    stop();
  });

  it('says so where a client was connected before, stores nothing of it and lets each write invalidate everything', async () => {
    const warned: string[] = [];
    const cache = world.closing(createCache());
    cache.on((event) => void (event.type === 'warning' && warned.push(event.message)));
    const prisma = world.client();
    await prisma.user.count();
    const stop = watchPrisma(prisma, cache);
    await expect(stop.ready).rejects.toMatchObject({
      code: 'ERR_CACHE_PRISMA_UNHEARD',
      message: expect.stringContaining('connected before it was watched'),
    });
    const pages = await pagesOf(cache, { '/page': () => prisma.user.count() });
    await pages.get('/page');
    await pages.get('/page');
    expect(pages.runs).toEqual({ '/page': 2 });
    expect(warned).toEqual([expect.stringContaining('connected before it was watched')]);
    cache.set('kept', 1);
    await rename(prisma);
    expect(await cache.get('kept')).toBeUndefined();
    // A new connection is heard.
    await prisma.$disconnect();
    const heard = heardBy(cache);
    await prisma.user.count();
    await watchPrisma(prisma, cache).ready;
    await rename(prisma);
    expect(heard).toEqual([USER_1]);
    expect(await pages.tagsOf('/page')).toEqual(['users']);
  });

  it('needs nobody to wait for it: the first call waits for the connection, and counts', async () => {
    const cache = world.closing(createCache());
    const prisma = world.client();
    watchPrisma(prisma, { cache, readTables: false });
    const pages = await pagesOf(cache, { '/page': () => prisma.post.findUnique({ where: { id: 1 } }) });
    expect(await pages.tagsOf('/page')).toEqual(['posts#1']);
  });

  it('knows tables, keys and what refers to them by the schema of Prisma, where the database is not asked', async () => {
    const { cache, prisma } = await world.prisma({}, { readTables: false });
    const heard = heardBy(cache);
    await prisma.user.delete({ where: { id: 2 } });
    await prisma.postTag.delete({ where: { postId_tagId: { postId: 1, tagId: 1 } } });
    await prisma.post.update({ where: { id: 1 }, data: { labels: { create: { name: 'a' } } } });
    await prisma.label.delete({ where: { id: 1 } });
    const bulk = ['comments', 'post_tags', 'posts', 'profiles', '_LabelToPost'].flatMap((table) => [
      table,
      `${table}!bulk`,
    ]);
    expect(heard[0]).toEqual([...bulk, 'users', 'users#2'].sort());
    expect(heard[1]).toEqual(['post_tags', 'post_tags#1,1']);
    expect(heard[3]).toEqual(['_LabelToPost', '_LabelToPost!bulk', 'labels', 'labels#1']);
  });

  it('hears each client of one adapter, and what one reads that nobody watches', async () => {
    const cache = world.closing(createCache());
    const adapter = new PrismaPg({ connectionString: world.url });
    const [one, other, unwatched] = [1, 2, 3].map(() => world.client(world.url, adapter)) as [Client, Client, Client];
    const stops = [watchPrisma(one, cache), watchPrisma(other, cache)];
    await Promise.all(stops.map(({ ready }) => ready));
    const heard = heardBy(cache);
    for (const client of [one, other, unwatched]) await rename(client);
    expect(heard).toEqual([USER_1, USER_1, USER_1]);
    const pages = await pagesOf(cache, { '/page': () => unwatched.user.findFirst({ where: { id: 1 } }) });
    expect(await pages.tagsOf('/page')).toEqual(['users#1']);
    stops[0]?.();
    await rename(one);
    expect(heard).toHaveLength(4);
    stops[1]?.();
    await rename(other);
    expect(heard).toHaveLength(4);
  });

  it('watches what extensions and subclasses are made of, also by a call in their constructor', async () => {
    const cache = world.closing(createCache());
    const heard = heardBy(cache);
    class Service extends CLIENTS.postgresql {
      constructor() {
        super({ adapter: new PrismaPg({ connectionString: world.url }) });
        watchPrisma(this, cache);
      }

      async names(): Promise<unknown[]> {
        return (await this.user.findMany()).map(({ name }) => name);
      }
    }
    const service = new Service();
    const prisma = world.closing(closable(service));
    await watchPrisma(prisma, cache).ready;
    const pages = await pagesOf(cache, { '/page': () => service.names() });
    expect(await pages.get('/page')).toEqual(['Ana', 'Rui']);
    await rename(prisma);
    expect(await pages.get('/page')).toContain('x');
    expect(heard).toEqual([USER_1]);
  });

  it('watches a client that had been extended before', async () => {
    const cache = world.closing(createCache());
    const client = world.client();
    const extended = client.$extends({ name: 'before' });
    await watchPrisma(client, cache).ready;
    const heard = heardBy(cache);
    await extended.$transaction(async (tx) => {
      await rename(tx);
      await afterCommit(tx, 'mine');
    });
    const pages = await pagesOf(cache, { '/page': () => extended.user.findUnique({ where: { id: 1 } }) });
    expect([heard, await pages.tagsOf('/page')]).toEqual([[['mine', ...USER_1]], ['users#1']]);
  });

  it('tells two caches of one client each of its own', async () => {
    const { cache, prisma } = await world.prisma();
    const other = world.closing(createCache());
    const stop = watchPrisma(prisma, other);
    await stop.ready;
    const [heard, heardThere] = [heardBy(cache), heardBy(other)];
    await prisma.$transaction(async (tx) => rename(tx));
    expect([heard, heardThere]).toEqual([[USER_1], [USER_1]]);
    const pages = await pagesOf(other, { '/page': () => prisma.user.findUnique({ where: { id: 1 } }) });
    expect(await pages.tagsOf('/page')).toEqual(['users#1']);
    stop();
    await rename(prisma);
    expect([heard.length, heardThere.length]).toEqual([2, 1]);
  });

  it('lets a write have its result where the store is broken, and is exact in this process all the same (44)', async () => {
    const fail = (): never => {
      throw new Error('the store is broken');
    };
    const store = { opts: {}, get: fail, set: fail, delete: fail, clear: fail, on: () => {} } as never;
    const { driver, prisma, site } = await world.prisma({ store, deadline: '50ms' });
    await site.get('V1');
    const renamed = prisma.$transaction(async (tx) => rename(tx));
    expect(await renamed).toMatchObject({ name: 'x' });
    expect(await site.get('V1')).toMatchObject({ name: 'x' });
    expect(driver.watch.counts()).toMatchObject({ commits: 1, unacknowledged: 1, failures: 0 });
  });

  it('says in a line what came of a write', async () => {
    const lines: string[] = [];
    const { prisma } = await world.prisma({}, { log: (line) => lines.push(line) });
    await rename(prisma);
    expect(lines).toEqual([expect.stringMatching(/UPDATE "public"\."users" .* → users, users#1 → /)]);
  });

  it.each<[string, string, (prisma: Client) => unknown, unknown]>([
    ['no client', 'watchPrisma', () => ({}), undefined],
    ['nothing', 'watchPrisma', () => undefined, undefined],
    ['a client with other insides', 'other insides', () => ({ _originalClient: { _engineConfig: {} } }), undefined],
    ['an option that is none', 'watchPrisma.cach', (prisma) => prisma, { cach: 1 }],
    ['readTables', 'watchPrisma.readTables', (prisma) => prisma, { readTables: 1 }],
    ['a client without an adapter', 'Accelerate', (prisma) => withAdapter(prisma, undefined), undefined],
    ['a database that is not known', 'sqlserver', (prisma) => withAdapter(prisma, 'sqlserver'), undefined],
  ])('refuses %s', (_, said, client, options) => {
    const refused = () => watchPrisma(client(world.client()) as Client, options as never);
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(said);
  });
});

/** What a client is like without an adapter, or with that of another database. */
function withAdapter(client: Client, provider: string | undefined): object {
  const { _originalClient: core } = client as unknown as { _originalClient: { _engineConfig: object } };
  const adapter = provider && { provider, connect: async () => {} };
  const other = Object.create(core, { _engineConfig: { value: { ...core._engineConfig, adapter } } });
  return { _originalClient: other };
}

function closable(client: Client): Client & { close(): Promise<void> } {
  return Object.assign(client, { close: () => client.$disconnect() });
}
