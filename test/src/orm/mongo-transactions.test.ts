import { describe, expect, it } from '@jest/globals';
import { afterCommit } from '@viewcache/orm';
import { gate } from '../support/gate.js';
import { VERSIONS, type Version } from './mongo-driver.js';
import { MongoWorld } from './mongo-world.js';
import { heardBy } from './pg-world.js';

const USER_1 = ['users', 'users#1'];
const BOTH = ['users', 'users#1', 'users#2'];

class Undone extends Error {}

describe.each(Object.keys(VERSIONS) as Version[])('transactions of the driver of MongoDB %s', (version) => {
  const world = new MongoWorld();

  it('invalidate nothing before the commit, and all of it once with it (31)', async () => {
    const { cache, driver } = await world.open(version);
    const heard = heardBy(cache);
    await driver.transaction(async (tx) => {
      await driver.writes.renameUser(1, 'Anabela', tx);
      await driver.writes.renameUser(1, 'Ana Maria', tx);
      await driver.writes.renameUser(2, 'Rita', tx);
      expect(heard).toEqual([]);
    });
    expect(heard).toEqual([BOTH]);
  });

  it('invalidate nothing when they are taken back (32), by whatever way', async () => {
    const { cache, driver } = await world.open(version);
    const heard = heardBy(cache);
    const thrown = driver.transaction(async (tx) => {
      await driver.writes.renameUser(1, 'x', tx);
      throw new Undone();
    });
    await expect(thrown).rejects.toThrow(Undone);
    const session = driver.client.startSession();
    session.startTransaction();
    await driver.writes.renameUser(1, 'x', session);
    await session.abortTransaction();
    session.startTransaction();
    await driver.writes.renameUser(1, 'x', session);
    await session.endSession();
    expect(heard).toEqual([]);
    expect(await driver.reads.user(1)).toMatchObject({ name: 'Ana' });
  });

  it('stay apart in two sessions (41), and one after the other in one', async () => {
    const { cache, driver } = await world.open(version);
    const heard = heardBy(cache);
    const [a, b] = [driver.client.startSession(), driver.client.startSession()];
    a.startTransaction();
    b.startTransaction();
    await driver.writes.renameUser(1, 'x', a);
    await driver.collection('tags').updateOne({ _id: 1 }, { $set: { name: 'x' } }, { session: b });
    await b.abortTransaction();
    await a.commitTransaction();
    expect(heard).toEqual([USER_1]);
    a.startTransaction();
    await driver.writes.insertUserAs(9, 'y', a);
    await a.commitTransaction();
    expect(heard).toEqual([USER_1, ['users', 'users#9']]);
    await Promise.all([a.endSession(), b.endSession()]);
  });

  it('take tags of the app with them, also where no command was sent', async () => {
    const { cache, driver } = await world.open(version);
    const heard = heardBy(cache);
    await driver.transaction(async (tx) => {
      await afterCommit(tx, 'before');
      await driver.writes.renameUser(1, 'x', tx);
      await afterCommit(tx, ['after']);
      expect(heard).toEqual([]);
    });
    expect(heard).toEqual([['after', 'before', ...USER_1]]);
    await driver.transaction(async (tx) => {
      await afterCommit(tx, 'alone');
      expect(heard).toHaveLength(1);
    });
    expect(heard.slice(1)).toEqual([['alone']]);
    await driver
      .transaction(async (tx) => {
        await afterCommit(tx, 'never');
        throw new Undone();
      })
      .catch(() => {});
    await driver.client.withSession((session) => afterCommit(session, 'in none'));
    await afterCommit(driver.client, 'in none');
    expect(heard.slice(2)).toEqual([['in none'], ['in none']]);
  });

  it('of sessions that were there before the watch are known, too', async () => {
    const { cache, driver } = await world.open(version);
    driver.watch();
    const session = driver.client.startSession();
    const other = await world.watch(driver.client, cache);
    const heard = heardBy(cache);
    session.startTransaction();
    await driver.writes.renameUser(1, 'x', session);
    expect(heard).toEqual([]);
    await session.abortTransaction();
    session.startTransaction();
    await driver.writes.renameUser(2, 'x', session);
    await session.commitTransaction();
    expect(heard).toEqual([['users', 'users#2']]);
    await session.endSession();
    other();
  });

  it('show what nobody else sees to views that are not stored (46)', async () => {
    const { driver, site, cache } = await world.open(version);
    await site.ran();
    const { user } = driver.reads;
    await driver
      .transaction(async (tx) => {
        await driver.writes.renameUser(1, 'Anabela', tx);
        let runs = 0;
        const read = async (id: number) => {
          runs++;
          return await driver.collection('users').findOne({ _id: id }, { session: tx });
        };
        const kept = cache.memoize(read, '5m');
        for (const _ of [1, 2]) expect(await kept(1)).toMatchObject({ name: 'Anabela' });
        expect(runs).toBe(2);
        // What others see is stored still.
        expect(await site.get('V1')).toMatchObject({ name: 'Ana' });
        expect(site.runs.get('/users/1')).toBe(1);
        throw new Undone();
      })
      .catch((error: unknown) => expect(error).toBeInstanceOf(Undone));
    expect(await user(1)).toMatchObject({ name: 'Ana' });
    expect(await site.ran()).toEqual([]);
  });

  it('show what was there when they began to views that are not stored', async () => {
    const { driver, cache } = await world.open(version);
    const session = driver.client.startSession();
    session.startTransaction();
    await driver.collection('tags').findOne({ _id: 1 }, { session });
    let runs = 0;
    const read = cache.memoize(async (id: number) => {
      runs++;
      return await driver.collection('users').findOne({ _id: id }, { session });
    }, '5m');
    await read(1);
    await read(1);
    expect(runs).toBe(2);
    await session.commitTransaction();
    await session.endSession();
  });

  it('are not stored stale by a view that has read before their commit (45)', async () => {
    const { driver, site } = await world.open(version);
    const [read, written] = [gate(), gate()];
    const { user } = driver.reads;
    Object.assign(driver.reads, {
      user: async (id: number) => {
        const row = await user(id);
        read.open();
        await written.passed;
        return row;
      },
    });
    const early = site.get('V1');
    await read.passed;
    await driver.transaction((tx) => driver.writes.renameUser(1, 'Anabela', tx));
    written.open();
    expect(await early).toMatchObject({ name: 'Ana' });
    Object.assign(driver.reads, { user });
    expect(await site.get('V1')).toMatchObject({ name: 'Anabela' });
  });
});

describe.each(Object.keys(VERSIONS) as Version[])(
  'what the driver of MongoDB %s has not heard the end of',
  (version) => {
    const world = new MongoWorld(true);

    it('of a commit that a retry has carried out, is told of with that (38)', async () => {
      const { cache, driver } = await world.open(version);
      const heard = heardBy(cache);
      world.server.fail({ command: 'commitTransaction', drops: 'after' });
      await driver.transaction((tx) => driver.writes.renameUser(1, 'x', tx));
      expect(heard).toEqual([USER_1, USER_1]);
      expect(driver.watch.counts()).toMatchObject({ commits: 2, uncertain: 1 });
      expect(await driver.reads.user(1)).toMatchObject({ name: 'x' });
    });

    it('of a commit that is given up, counts as committed', async () => {
      const { cache, driver } = await world.open(version);
      const heard = heardBy(cache);
      for (const _ of [1, 2]) world.server.fail({ command: 'commitTransaction', drops: 'after' });
      const session = driver.client.startSession();
      session.startTransaction();
      await driver.writes.renameUser(1, 'x', session);
      await expect(session.commitTransaction()).rejects.toThrow();
      expect(heard).toEqual([USER_1, USER_1]);
      // What comes next is none of it.
      session.startTransaction();
      await driver.writes.renameUser(2, 'x', session);
      await session.commitTransaction();
      await session.endSession();
      expect(heard.slice(2)).toEqual([['users', 'users#2']]);
    });

    it('of a commit that the server refuses, invalidates nothing, and its repetition once (38, 39)', async () => {
      const { cache, driver } = await world.open(version);
      const heard = heardBy(cache);
      world.server.fail({ command: 'commitTransaction', code: 112, labels: ['TransientTransactionError'] });
      let attempts = 0;
      await driver.transaction(async (tx) => {
        attempts++;
        await driver.writes.renameUser(1, 'x', tx);
        expect(heard).toEqual([]);
      });
      expect(attempts).toBe(2);
      expect(heard).toEqual([USER_1]);
      expect(driver.watch.counts()).toMatchObject({ commits: 1, uncertain: 0 });
    });

    it('of a transaction whose connection went, is forgotten (42)', async () => {
      const { cache, driver } = await world.open(version);
      const heard = heardBy(cache);
      const session = driver.client.startSession();
      session.startTransaction();
      await driver.writes.renameUser(1, 'x', session);
      world.server.fail({ command: 'find', drops: 'before' });
      await expect(driver.collection('tags').findOne({}, { session })).rejects.toThrow();
      await session.abortTransaction();
      session.startTransaction();
      await driver.writes.renameUser(2, 'y', session);
      await session.commitTransaction();
      await session.endSession();
      expect(heard).toEqual([['users', 'users#2']]);
    });

    it('of a write, counts as written, and is told of again when it was retried', async () => {
      const { cache, driver } = await world.open(version);
      const heard = heardBy(cache);
      world.server.fail({ command: 'update', drops: 'before' });
      await driver.writes.renameUser(1, 'x');
      expect(heard).toEqual([USER_1, USER_1]);
      expect(driver.watch.counts()).toMatchObject({ commits: 2, uncertain: 1 });
    });

    it('of writes that are refused depends on whether they may have changed something before', async () => {
      const { cache, driver } = await world.open(version);
      const heard = heardBy(cache);
      world.server.fail({ command: 'update', code: 50 });
      await expect(driver.writes.renameUsersWith('ana@example.com', 'x')).rejects.toThrow();
      expect(heard).toEqual([['users', 'users!bulk']]);
      for (const [command, code] of [
        ['update', 13],
        ['findAndModify', 50],
        ['drop', 26],
      ] as const)
        world.server.fail({ command, code });
      await expect(driver.writes.renameUser(1, 'x')).rejects.toThrow();
      await expect(driver.collection('users').findOneAndDelete({ _id: 1 })).rejects.toThrow();
      await driver
        .collection('users')
        .drop()
        .catch(() => {});
      expect(heard).toHaveLength(1);
      expect(driver.watch.counts()).toMatchObject({ uncertain: 0 });
    });
  },
);
