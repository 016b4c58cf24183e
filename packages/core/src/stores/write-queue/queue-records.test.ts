import { describe, expect, it } from '@jest/globals';
import type { RedisClient } from '../redis/library.js';
import { QueueRecords } from './queue-records.js';

/** A server that says the same to everything. */
const recordsOn = (said: string): QueueRecords => {
  const sendCommand = () => Promise.reject(new Error(said));
  return new QueueRecords({ sendCommand } as unknown as RedisClient, '{queue}', 'me');
};

describe('the server of a queue', () => {
  it('is none where it is a node of a cluster that has not all of its keys', async () => {
    await expect(recordsOn('MOVED 7 127.0.0.1:7001').checkServer('{other}')).rejects.toThrow(
      'a node of a Redis Cluster',
    );
  });

  it.each(['LOADING Redis is loading the dataset in memory', 'NOPERM this user has no permissions', 'CLUSTERDOWN'])(
    'may be one where it says something that may be over soon: %s',
    async (said) => {
      await expect(recordsOn(said).checkServer('{other}')).resolves.toBeUndefined();
    },
  );
});
