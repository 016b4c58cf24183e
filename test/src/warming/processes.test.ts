import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisServer } from '../servers/redis.js';
import type { Release, WarmOrder, WarmTold } from './warming-process.js';

const PROGRAM = fileURLToPath(new URL('./warming-process.js', import.meta.url));
const redis = await RedisServer.start();
const children: ChildProcess[] = [];
beforeEach(async () => {
  await redis.command('FLUSHALL');
});
afterEach(async () => {
  await Promise.all(children.splice(0).map(async (child) => end(child)));
});
afterAll(async () => await redis.stop());

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}

interface Member {
  readonly child: ChildProcess;
  readonly ran: string[];
  warm(order: WarmOrder): Promise<object>;
  /** Resolves when its handlers have run so often. */
  hasRun(times: number): Promise<void>;
}

async function start(): Promise<Member> {
  const child = fork(PROGRAM, [redis.url]);
  children.push(child);
  const ran: string[] = [];
  let onRun = (): void => {};
  child.on('message', (told: WarmTold) => {
    if (told.type !== 'ran') return;
    ran.push(told.url);
    onRun();
  });
  await once(child, 'message');
  return {
    child,
    ran,
    warm: (order) =>
      new Promise((resolve) => {
        const listener = (told: WarmTold): void => {
          if (told.type !== 'ended') return;
          child.off('message', listener);
          resolve(told.result);
        };
        child.on('message', listener);
        child.send(order);
      }),
    hasRun: async (times) => {
      while (ran.length < times)
        await new Promise<void>((resolve) => {
          onRun = resolve;
        });
    },
  };
}

describe('two processes that share a Redis', () => {
  it('warm once', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    const first = one.warm({ urls: 200, whileElsewhere: 'leave', hangsFrom: 100 });
    await one.hasRun(104);
    expect(await two.warm({ urls: 200, whileElsewhere: 'leave' })).toMatchObject({ ended: 'elsewhere', done: 0 });
    one.child.send({ urls: 'released' } satisfies Release);
    expect(await first).toMatchObject({ ended: 'done', stored: 200 });
    expect([one.ran.length, two.ran.length]).toEqual([200, 0]);
    // Who warms later asks no handler either: all of it is in the store.
    const last = await two.warm({ urls: 200, whileElsewhere: 'wait' });
    expect(last).toMatchObject({ ended: 'done', hits: 200, stored: 0 });
    expect(two.ran).toEqual([]);
  });

  it('leave out what the other is at, and nothing else', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    for (const from of [0, 100]) {
      const order: WarmOrder = { urls: 5, from, whileElsewhere: 'leave' };
      expect(await one.warm(order)).toMatchObject({ ended: 'done', stored: 5 });
      // At once, so that the store tells others that it is done.
      expect(await one.warm(order)).toMatchObject({ ended: 'done', hits: 5 });
    }
    const first = one.warm({ urls: 5, from: 200, whileElsewhere: 'leave', hangsFrom: 200 });
    await one.hasRun(14);
    expect(await two.warm({ urls: 5, from: 200, whileElsewhere: 'leave' })).toMatchObject({ ended: 'elsewhere' });
    expect(await two.warm({ urls: 5, from: 300, whileElsewhere: 'leave' })).toMatchObject({ ended: 'done', stored: 5 });
    one.child.send({ urls: 'released' } satisfies Release);
    expect(await first).toMatchObject({ ended: 'done', stored: 5 });
  });

  it('go on where the one that warmed has died', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    void one.warm({ urls: 20, whileElsewhere: 'leave', hangsFrom: 10 });
    await one.hasRun(14);
    const second = two.warm({ urls: 20, whileElsewhere: 'wait' });
    await end(one.child);
    expect(await second).toMatchObject({ ended: 'done', done: 20, hits: 10, stored: 10 });
    expect(two.ran).toHaveLength(10);
  });
});
