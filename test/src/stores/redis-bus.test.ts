import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisServer } from '../servers/redis.js';
import { afterwards, commit, connected, fill, libraries, look, type RedisStore } from './redis-setup.js';
import { Told } from './redis-told.js';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());
beforeEach(() => server.command('FLUSHALL'));
const single = () => ({ form: 'single', url: server.url }) as const;

describe.each(libraries)('the bus on Redis with %s (PROTOCOL 4.5)', (_name, library) => {
  let store: RedisStore;
  let other: RedisStore;
  let told: Told;
  beforeEach(async () => {
    store = await connected(single(), {}, library);
    other = await connected(single(), {}, library);
    await fill(other, 'k', 'v', ['a', 'ünï"cödé\r\n']);
    told = new Told(store, afterwards);
    await told.now();
    told.events.length = 0;
  });

  it('tells of the invalidations of others, in full, and not of its own', async () => {
    await other.invalidate(['a', 'ünï"cödé\r\n'], 'soft');
    await store.invalidate(['mine'], 'hard');
    await other.invalidate(['b'], 'hard');
    await told.now();
    expect(told.events).toEqual(['soft a ünï"cödé\r\n', 'hard b']);
  });

  it('says so when a message was lost', async () => {
    // What nobody published: the sequence is one further.
    const value = String(await server.command('GET', '{test}:seq'));
    await server.command(
      'SET',
      '{test}:seq',
      value.replace(/\d+$/, (n) => String(Number(n) + 1)),
    );
    await told.now();
    expect(told.events).toEqual(['missed']);
    await told.now();
    expect(told.events).toEqual(['missed']);
    await other.invalidate(['a'], 'soft');
    await told.now();
    expect(told.events).toEqual(['missed', 'soft a']);
  });

  it('says so when the next message tells of one before it', async () => {
    const [run, epoch] = String(await server.command('GET', '{test}:seq')).split(':');
    expect(run).toHaveLength(12);
    const message = { o: 'x', e: epoch, p: 6, n: 7, h: false, t: ['z'] };
    await server.command('PUBLISH', '{test}:bus', JSON.stringify(message));
    await told.until(() => told.events.length >= 2);
    expect(told.events.slice(0, 2)).toEqual(['missed', 'soft z']);
  });

  it('says so when another era has begun, and while there is no sequence', async () => {
    await server.command('DEL', '{test}:seq');
    await told.now();
    expect(told.events).toContain('missed');
    await look(other, 'k');
    await told.now();
    told.events.length = 0;
    await told.now();
    expect(told.events).toEqual([]);
  });

  it('ignores and counts what is no message', async () => {
    for (const rubbish of [
      '',
      '{',
      'null',
      '[]',
      '{"o":"x"}',
      '{"o":"x","e":"e","p":-1,"n":1,"h":false,"t":[]}',
      '\xff',
    ])
      await server.command('PUBLISH', '{test}:bus', rubbish);
    await told.now();
    expect(told.events).toEqual([]);
    expect((store.bus as { malformed?: number }).malformed).toBe(7);
  });

  it('misses nothing silently when its connection is cut', async () => {
    const before = told.heardUpTo;
    await server.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await other.invalidate(['a'], 'soft');
    await told.now();
    expect(told.heardUpTo).toBeGreaterThan(before);
    // Told, or told that it was missed: whichever was sooner, the connection or the message.
    expect(['missed', 'soft a']).toContain(told.events[0]);
    told.events.length = 0;
    await other.invalidate(['b'], 'soft');
    await told.now();
    expect(told.events).toContain('soft b');
  });

  it('is silent once nobody listens', async () => {
    const listeners = async (): Promise<unknown> =>
      ((await server.command('PUBSUB', 'NUMSUB', '{test}:bus')) as unknown[])[1];
    expect(await listeners()).toBe(1);
    await store.close();
    while ((await listeners()) !== 0);
    told.events.length = 0;
    await other.invalidate(['a'], 'soft');
    expect(told.events).toEqual([]);
  });
});

describe('the bus on a server that speaks the old protocol only', () => {
  it('asks elsewhere, and waits for what was told meanwhile', async () => {
    const old = await RedisServer.start({ 'rename-command': ['HELLO', ''] });
    afterwards(() => old.stop());
    const target = { form: 'single', url: old.url } as const;
    const store = await connected(target);
    const other = await connected(target);
    const told = new Told(store, afterwards);
    await commit(other, await look(other, 'k'), 'k', 'v', ['a']);
    await told.now();
    told.events.length = 0;
    await other.invalidate(['a'], 'soft');
    await told.now();
    expect(told.events).toEqual(['soft a']);
  });
});
