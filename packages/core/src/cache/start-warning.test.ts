import { describe, expect, it } from '@jest/globals';
import { StoreFailedError } from '../base/store-errors.js';
import type { StoreSettings } from '../config/store-settings.js';
import type { CacheEvent } from '../ports/event-sink.js';
import type { StoreHealth } from '../ports/store-health.js';
import { FakeClock } from '../testing/fake-clock.js';
import { startWarning } from './start-warning.js';

const refused = new StoreFailedError('redis', 'connect', new Error('connect ECONNREFUSED 127.0.0.1:1'));
const login = { username: undefined, password: undefined, tls: undefined };
const redis: StoreSettings = {
  kind: 'redis',
  target: { form: 'single', url: 'redis://app:hunter2@127.0.0.1:1/2', database: 2, ...login },
};

function begin(store: StoreSettings) {
  const clock = new FakeClock();
  const messages: string[] = [];
  let state: StoreHealth['state'] = 'down';
  const emit = (event: CacheEvent) => event.type === 'warning' && messages.push(event.message);
  const failed = startWarning(store, clock, { emit }, () => ({ state, outstanding: 0, failures: 1 }));
  const set = (now: StoreHealth['state']) => {
    state = now;
  };
  return { clock, messages, failed, set };
}

describe('the warning about a store that cannot be reached as a cache is made', () => {
  it('is given once, with the address and the cause, and without credentials', () => {
    const { failed, messages } = begin(redis);
    failed(refused);
    failed(refused);
    expect(messages).toHaveLength(1);
    expect(messages[0]?.split('\n')[0]).toBe(
      'viewcache: redis://***@127.0.0.1:1/2 could not be reached: connect ECONNREFUSED 127.0.0.1:1',
    );
  });

  it('says by its code what has no message, as where a name has several addresses', () => {
    const { failed, messages } = begin(redis);
    failed(new StoreFailedError('redis', 'connect', Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })));
    expect(messages[0]).toContain('could not be reached: ECONNREFUSED');
  });

  it.each<[StoreSettings, string]>([
    [
      { kind: 'redis', target: { form: 'cluster', nodes: ['redis://:pw@a:1', 'redis://b:2'], ...login } },
      'redis://***@a:1, redis://b:2 ',
    ],
    [{ kind: 'redis', target: { form: 'given', client: {} } }, 'the Redis of the client that was given '],
    [
      {
        kind: 'memcached',
        target: {
          servers: [
            { host: 'a', port: 1, weight: 1 },
            { host: 'b', port: 2, weight: 1 },
          ],
          ...login,
        },
      },
      'memcached://a:1,b:2 ',
    ],
    [{ kind: 'keyv', keyv: {} as never }, 'the store '],
  ])('names where it is: %p', (store, address) => {
    const { failed, messages } = begin(store);
    failed(refused);
    expect(messages).toEqual([expect.stringContaining(`viewcache: ${address}could not be reached`)]);
  });

  it('is not given of a single failure of a store that is there, nor of an outage later on', () => {
    const { failed, messages, set, clock } = begin(redis);
    set('up');
    failed(refused);
    set('down');
    clock.advance(10_001);
    failed(refused);
    expect(messages).toEqual([]);
  });
});
