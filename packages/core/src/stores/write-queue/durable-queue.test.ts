import { EventEmitter } from 'node:events';
import { expect, it } from '@jest/globals';
import type { BullLibrary } from './bull-library.js';
import { DurableQueue, type DurableQueueParts } from './durable-queue.js';

it('opens nothing of BullMQ when it is closed before the server has said what it is', async () => {
  let say: (info: string) => void = () => {};
  const said = new Promise<string>((resolve) => {
    say = resolve;
  });
  let askedFor: () => void = () => {};
  const asked = new Promise<void>((resolve) => {
    askedFor = resolve;
  });
  const client = Object.assign(new EventEmitter(), {
    connect: async () => {},
    destroy: () => {},
    sendCommand: async ([name]: readonly string[]) => {
      if (name !== 'INFO') return 0;
      askedFor();
      return await said;
    },
  });
  const opened: string[] = [];
  class Opened extends EventEmitter {
    constructor(name: string) {
      super();
      opened.push(name);
    }
  }
  const queue = new DurableQueue(
    {
      name: 'rows',
      limits: { closeTimeoutMs: 1 },
      redis: async () => ({ createClient: () => client }),
      bull: async () => ({ Queue: Opened, Worker: Opened }) as unknown as BullLibrary,
      warn: (message: string) => opened.push(message),
    } as unknown as DurableQueueParts,
    { client: {}, prefix: 'shop', leaseMs: 1_000, isWorker: false },
  );
  await asked;
  await queue.close();
  say('redis_version:7.2.4\r\nmaxmemory:1\r\nmaxmemory_policy:allkeys-lru\r\n');
  await new Promise((resolve) => setImmediate(resolve));
  expect(opened).toEqual([]);
});
