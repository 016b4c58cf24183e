import { describe, expect, it } from '@jest/globals';
import type { BusListener } from '../ports/bus.js';
import type { RedisConnection, RedisSession } from '../stores/redis/connection.js';
import { RedisKeys } from '../stores/redis/keys.js';
import { FakeClock } from '../testing/fake-clock.js';
import { RedisBus } from './redis-bus.js';

const RUN = 'r'.repeat(12);
const sequence = (n: number): string => `${RUN}:${'e'.repeat(12)}:${n}`;
/** Lets what is already decided happen. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A bus on a connection on which the test answers by hand. */
async function listening() {
  const clock = new FakeClock(0);
  const asked: { words: readonly unknown[]; answer(reply: unknown): void; fail(error: Error): void }[] = [];
  const told: string[] = [];
  let tell: (bytes: Buffer) => void = () => {};
  const session = {
    run: RUN,
    send: (words: readonly unknown[]) =>
      new Promise((answer, fail) => {
        asked.push({ words, answer, fail });
      }),
    client: {
      subscribe: async (_channel: string, listener: typeof tell) => {
        tell = listener;
      },
    },
  } as unknown as RedisSession;
  const listener: BusListener = {
    invalidated: (tags, mode) => told.push(`${mode} ${tags}`),
    missed: () => told.push('missed'),
    heardUpTo: (at) => told.push(`up to ${at}`),
  };
  const connection = { session, close: () => {} } as unknown as RedisConnection;
  let prepared: unknown;
  const bus = new RedisBus({
    clock,
    keys: new RedisKeys('n'),
    origin: 'me',
    lagMs: 300,
    servers: {
      primary: connection,
      connect: (prepare) => {
        prepared = prepare?.(session);
        return connection;
      },
      settle: () => undefined,
      close: () => {},
    },
  });
  bus.listen(listener);
  await prepared;
  return {
    clock,
    asked,
    told,
    bus,
    start: clock.monotonic(),
    tell: (message: object) => tell(Buffer.from(JSON.stringify(message))),
  };
}

describe('RedisBus (PROTOCOL 4.5)', () => {
  it('counts from when a question was sent, however late the answer', async () => {
    const { clock, asked, told, start } = await listening();
    expect(asked.map(({ words }) => words)).toEqual([['GET', '{n}:seq']]);
    clock.advance(5_000);
    // One question at a time, however many are due.
    expect(asked).toHaveLength(1);
    asked[0]?.answer(sequence(1));
    await settled();
    expect(told).toEqual(['missed', `up to ${start}`]);
    clock.advance(100);
    asked[1]?.answer(sequence(1));
    await settled();
    expect(told.slice(2)).toEqual([`up to ${start + 5_100}`]);
  });

  it('proves nothing where there is no answer, and asks again', async () => {
    const { clock, asked, told, start } = await listening();
    asked[0]?.fail(new Error('gone'));
    await settled();
    expect(told).toEqual([]);
    clock.advance(100);
    asked[1]?.answer(null);
    await settled();
    expect(told).toEqual(['missed', `up to ${start + 100}`]);
  });

  it('tells of others, and counts its own', async () => {
    const { asked, told, tell, clock, bus } = await listening();
    asked[0]?.answer(sequence(1));
    await settled();
    told.length = 0;
    const epoch = 'e'.repeat(12);
    tell({ o: 'you', e: epoch, p: 1, n: 2, h: false, t: ['a', 'b'] });
    tell({ o: 'me', e: epoch, p: 2, n: 3, h: true, t: ['c'] });
    tell({ o: 'you', e: epoch, p: 3, n: 4, h: true, t: ['d'] });
    tell(['no message']);
    expect(told).toEqual(['soft a,b', 'hard d']);
    expect(bus.malformed).toBe(1);
    clock.advance(100);
    asked[1]?.answer(sequence(4));
    await settled();
    expect(told.slice(2)).toEqual([expect.stringMatching(/^up to/)]);
  });
});
