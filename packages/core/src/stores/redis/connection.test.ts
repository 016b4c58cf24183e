import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { FakeClock } from '../../testing/fake-clock.js';
import { RedisConnection } from './connection.js';
import type { RedisClient } from './library.js';

/** A client of a server that says who it is, and answers to anything else when it is told to. */
class Client extends EventEmitter {
  readonly asked: { readonly word: unknown; answer(): void }[] = [];
  async connect(): Promise<void> {}
  unref(): void {}
  destroy(): void {}
  async sendCommand([word]: readonly unknown[]): Promise<unknown> {
    if (word === 'INFO') return 'run_id:0123456789ab';
    return await new Promise((resolve) => this.asked.push({ word, answer: () => resolve('OK') }));
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
/** Lets time pass, and what comes of it. */
const pass = async (clock: FakeClock, ms: number): Promise<void> => {
  clock.advance(ms);
  for (let i = 0; i < 5; i++) await turn();
};

const opened: RedisConnection[] = [];
afterEach(() => {
  for (const connection of opened.splice(0)) connection.close();
});

async function connect() {
  const clock = new FakeClock();
  const clients: Client[] = [];
  const failures: string[] = [];
  const connection = new RedisConnection({
    clock,
    open: async () => {
      clients.push(new Client());
      return clients.at(-1) as unknown as RedisClient;
    },
    onFailure: ({ message }) => failures.push(message),
  });
  opened.push(connection);
  await pass(clock, 0);
  return { clock, clients, failures, connection, client: clients[0] as Client };
}

describe('a connection to Redis', () => {
  it('is given up for silence', async () => {
    const { clock, failures, connection } = await connect();
    expect(connection.session).toBeDefined();
    await pass(clock, 1_000);
    expect([connection.session, failures]).toEqual([undefined, ['no answer within 1000 ms']]);
  });

  it('is kept while there are answers, however long the one to the ping takes', async () => {
    const { clock, client, failures, connection } = await connect();
    const { session } = connection;
    for (let i = 0; i < 3; i++) {
      void session?.send(['GET', 'k']);
      client.asked.at(-1)?.answer();
      await pass(clock, 1_000);
      expect([connection.session === session, failures]).toEqual([true, []]);
    }
    await pass(clock, 1_000);
    expect(failures).toEqual(['no answer within 1000 ms']);
  });

  it('is not lost by what is told late of the one before', async () => {
    const { clock, clients, client, connection } = await connect();
    const before = connection.session;
    client.emit('end');
    await turn();
    await pass(clock, 100);
    expect(clients).toHaveLength(2);
    const { session } = connection;
    expect([session === undefined, session === before]).toEqual([false, false]);
    // Its server answers, and the one before never has.
    clients[1]?.asked[0]?.answer();
    await pass(clock, 900);
    expect(connection.session).toBe(session);
  });
});
