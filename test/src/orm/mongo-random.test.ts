import { describe, expect, it } from '@jest/globals';
import { type MongoDriver, VERSIONS, type Version } from './mongo-driver.js';
import { MongoWorld } from './mongo-world.js';

const IDS = [1, 2, 3, 4];
const STEPS = 60;
const WORKERS = 4;

/** Numbers that seem to have no order, the same ones in each run. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

/** Counters that only ever rise, so that an answer below what was there when it was asked for is a stale one. */
describe.each(Object.keys(VERSIONS) as Version[])('random reads and writes by the driver of MongoDB %s', (version) => {
  const world = new MongoWorld();
  const counters = (it: MongoDriver) => it.collection('counters');

  const writes: readonly ((it: MongoDriver, id: number) => Promise<unknown>)[] = [
    (it, id) => counters(it).updateOne({ _id: id }, { $inc: { views: 1 } }),
    (it, id) => counters(it).findOneAndUpdate({ _id: id }, { $inc: { views: 1 } }),
    (it, id) => counters(it).updateMany({ _id: { $gte: id } }, { $inc: { views: 1 } }),
    (it, id) =>
      it.transaction(async (session) => {
        await counters(it).updateOne({ _id: id }, { $inc: { views: 1 } }, { session });
        await counters(it).updateOne({ _id: 5 - id }, { $inc: { views: 1 } }, { session });
      }),
    (it, id) =>
      it
        .transaction(async (session) => {
          await counters(it).updateOne({ _id: id }, { $inc: { views: 1_000 } }, { session });
          throw new Error('undone');
        })
        .catch(() => {}),
  ];

  it('answer nothing that is older than what was there at the beginning, and nothing that was taken back', async () => {
    const { cache, driver } = await world.open(version);
    const admin = world.admin.db().collection<{ _id: number; views: number }>('counters');
    await admin.insertMany(IDS.map((_id) => ({ _id, views: 0 })));
    const truth = async () => Object.fromEntries((await admin.find().toArray()).map(({ _id, views }) => [_id, views]));
    const one = cache.memoize(async (id: number) => (await counters(driver).findOne({ _id: id }))?.views ?? -1, '5m');
    const all = cache.memoize(
      async () => Object.fromEntries((await counters(driver).find().toArray()).map(({ _id, views }) => [_id, views])),
      '5m',
    );
    const stale: unknown[] = [];
    const check = (before: Record<string, number>, shown: Record<string, number | undefined>): void => {
      for (const [id, views = -1] of Object.entries(shown))
        if (views < (before[id] ?? 0) || views >= 1_000) stale.push({ id, views, before });
    };
    const work = async (seed: number): Promise<void> => {
      const random = seeded(seed);
      for (let step = 0; step < STEPS; step++) {
        const id = IDS[random(IDS.length)] ?? 1;
        if (random(4) === 0) await writes[random(writes.length)]?.(driver, id);
        else {
          const before = await truth();
          if (random(2) === 0) check(before, { [id]: await one(id) });
          else check(before, await all());
        }
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, (_, i) => work(i + 1)));
    expect(stale).toEqual([]);
    expect(driver.watch.counts()).toMatchObject({ failures: 0, uncertain: 0 });
    expect(driver.watch.counts().commits).toBeGreaterThan(20);
  });
});
