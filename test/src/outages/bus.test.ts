import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisServer } from '../servers/redis.js';
import { closeAfterEach, type Reply } from '../support/site.js';
import { siteOver } from './site-over.js';

closeAfterEach();

const LAG_MS = 300;
/** No request begins and is looked up in the same instant: a machine with other work may take so long between. */
const SLACK_MS = 200;

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());
beforeEach(() => redis.command('FLUSHALL'));

async function twoProcesses() {
  let version = 0;
  const options = { store: redis.url, l1MaxLag: `${LAG_MS}ms`, deadline: '5s' };
  const one = await siteOver(options, () => `version ${version}`);
  const other = await siteOver(options, () => `version ${version}`);

  /** Changes the data, and asks the other process until it knows; answers how long after that it did not. */
  async function change(): Promise<number> {
    version++;
    const { durable } = await one.cache.invalidate({ tags: 'all pages' });
    expect(durable).toBe(true);
    const resolvedAt = performance.now();
    let oldestMs = 0;
    for (;;) {
      const startedAt = performance.now();
      const reply: Reply = await other.get('/');
      if (reply.text === `version ${version}`) return oldestMs;
      expect(reply.text).toBe(`version ${version - 1}`);
      oldestMs = startedAt - resolvedAt;
    }
  }
  return { one, other, change };
}

describe('the other process, when its subscription is lost (PROTOCOL 4.5)', () => {
  it('has what was invalidated meanwhile for no longer than l1MaxLag, and is told of the next', async () => {
    const { other, change } = await twoProcesses();
    for (let round = 0; round < 5; round++) {
      await other.untilHit('/');
      await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
      expect(await change()).toBeLessThan(LAG_MS + SLACK_MS);
    }
    const from = other.events.length;
    // The subscription is made again in the background.
    while (!other.events.slice(from).some(({ type }) => type === 'heard')) {
      await other.untilHit('/');
      await change();
    }
  });

  it('and cannot be had again: neither believes its memory for longer, nor goes without the store', async () => {
    const { other, change } = await twoProcesses();
    await redis.command('ACL', 'SETUSER', 'default', '-subscribe');
    try {
      await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
      const heardBefore = other.events.filter(({ type }) => type === 'heard').length;
      let latestMs = 0;
      for (let round = 0; round < 5; round++) {
        await other.untilHit('/');
        latestMs = Math.max(latestMs, await change());
      }
      process.stdout.write(`without a bus, the oldest answer came ${Math.round(latestMs)} ms after the invalidation\n`);
      expect(latestMs).toBeLessThan(LAG_MS + SLACK_MS);
      expect(other.events.filter(({ type }) => type === 'heard')).toHaveLength(heardBefore);
    } finally {
      await redis.command('ACL', 'SETUSER', 'default', '+subscribe');
    }
    const from = other.events.length;
    while (!other.events.slice(from).some(({ type }) => type === 'heard')) {
      await other.untilHit('/');
      await change();
    }
  });
});
