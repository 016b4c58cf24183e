import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type CacheEvent, createCache, type QueueOptions, type WriteBehind } from '@viewcache/core';
import { RedisServer, type RedisSettings } from '../servers/redis.js';
import { comes } from './comes.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function startServer(settings?: RedisSettings): Promise<RedisServer> {
  const server = await RedisServer.start(settings);
  closing.push(() => server.stop());
  return server;
}

/** An app that writes behind by a queue. */
function open(queue: QueueOptions): {
  readonly rows: WriteBehind<string, number>;
  readonly saved: Map<string, number>;
  readonly events: CacheEvent[];
} {
  const cache = createCache({ deadline: '1m' });
  closing.push(() => cache.close());
  const events: CacheEvent[] = [];
  cache.on((event) => events.push(event));
  const saved = new Map<string, number>();
  const rows = cache.through<string, number>({
    ...{ name: 'rows', mode: 'write-behind', ttl: 60, flushOnSignal: false, flushEvery: '20ms', queue },
    load: () => undefined,
    save: (key, value) => {
      saved.set(key, value);
    },
  });
  return { rows, saved, events };
}

describe('the server of a queue', () => {
  it('is asked for jobs for as long as a write waits, and not for whole seconds', async () => {
    const server = await startServer();
    const monitor = connect(server.port).setEncoding('latin1');
    closing.push(async () => monitor.destroy());
    let commands = '';
    monitor.on('data', (text: string) => {
      commands += text;
    });
    monitor.write('MONITOR\r\n');
    await comes(() => commands.startsWith('+OK'));
    const { rows, saved } = open({ url: server.url });
    // The first may be due when who saves has just begun.
    for (const key of ['a', 'b', 'c']) {
      await rows.set(key, 1);
      await comes(() => saved.has(key));
    }
    await server.command('PING');
    await comes(() => /"PING"/i.test(commands));
    const seconds = Array.from(commands.matchAll(/"BZPOPMIN" ".*" "(.*)"/gi), ([, wait]) => Number(wait));
    expect(seconds.filter((wait) => wait > 0 && wait < 0.1)).not.toEqual([]);
  });

  it('need not say which it is', async () => {
    const server = await startServer();
    await server.command('ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '&*', '+@all', '-info');
    const { rows, saved, events } = open({ url: server.url.replace('://', '://app:secret@') });
    await rows.set('a', 1);
    await rows.flush();
    expect(saved).toEqual(new Map([['a', 1]]));
    expect(events.filter(({ type }) => type === 'store-error' || type === 'warning')).toEqual([]);
  });

  it('is warned of where it may evict what was acknowledged', async () => {
    const server = await startServer({ maxmemory: '100mb', 'maxmemory-policy': 'allkeys-lru' });
    const { rows, events } = open({ url: server.url });
    await rows.set('a', 1);
    expect(events).toContainEqual({
      type: 'warning',
      message:
        'the server of queue rows may evict what it keeps, and a write that was acknowledged is then lost, or saved out of order: set its maxmemory-policy, which is allkeys-lru, to noeviction',
    });
  });
});
