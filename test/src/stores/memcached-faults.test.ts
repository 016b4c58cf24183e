import { describe, expect, it } from '@jest/globals';
import { LabelledProxy } from '../servers/labelled-proxy.js';
import { MemcachedServer } from '../servers/memcached.js';
import { ask, begin, commit, fill, join, kept, newNamespace, open, timed, until } from './memcached-party.js';

const HELLO = Buffer.from('hello');
/** What a busy machine may add to a deadline: what waits for a server that hangs never ends. */
const SLACK_MS = 20_000;
const DEADLINE_MS = 50;

async function start(...words: string[]): Promise<MemcachedServer> {
  const server = await MemcachedServer.start(...words);
  kept({ close: () => server.kill() });
  return server;
}

/** Every operation of a store, each with a key that lies anywhere. */
async function everything(store: Awaited<ReturnType<typeof join>>, round: number): Promise<number> {
  const works: (() => Promise<unknown>)[] = [
    () => begin(store, `key${round}`),
    () => store.check([{ tag: `tag${round}`, stamp: 'x' }]),
    () => store.mark(`key${round}`, Buffer.from('x'), 1_000),
    () => store.invalidate([`tag${round}`], 'hard'),
    () => store.leases.take(`key${round}`),
  ];
  let longest = 0;
  for (const work of works) longest = Math.max(longest, (await timed(work))[1]);
  return longest;
}

describe('a server that is not there', () => {
  it('fails at once, at boot too, and is used as soon as it is', async () => {
    const server = await start();
    await server.kill();
    const failures: string[] = [];
    const store = open([server.seat], { deadlineMs: DEADLINE_MS, onFailure: (error) => failures.push(error.message) });
    expect(store.health()).toMatchObject({ state: 'down', failures: 0 });
    expect((await begin(store)).token).toBeUndefined();
    for (let i = 0; i < 20; i++) expect(await everything(store, i)).toBeLessThan(SLACK_MS);
    expect(await store.invalidate(['x'], 'hard')).toBe(false);
    expect(store.health()).toMatchObject({ state: 'down', outstanding: 0 });
    expect(failures[0]).toMatch(/^memcached 127\.0\.0\.1:\d+\.\w+ failed: /);
    await server.restart();
    expect(await until(async () => store.invalidate(['x'], 'hard'))).toBeLessThan(1_500 + SLACK_MS);
    expect(await fill(store, ['x'])).toBe('stored');
  });

  it('is up when all are connected to, and not before', async () => {
    const [one, other] = [await start(), await start()];
    const store = await join([one.seat, other.seat]);
    expect(store.health()).toEqual({ state: 'up', outstanding: 0, failures: 0 });
    await other.kill();
    await until(async () => store.health().state === 'down');
    await other.restart();
    await until(async () => store.health().state === 'up');
  });

  it('is a miss while it is away, and nothing comes back with it', async () => {
    const [one, other] = [await start(), await start()];
    const store = await join([one.seat, other.seat], { deadlineMs: 1_000 });
    const keys = Array.from({ length: 30 }, (_, i) => `page${i}`);
    for (const key of keys) await fill(store, [`tag of ${key}`], { key });
    await one.kill();
    const away = await Promise.all(keys.map((key) => ask(store, key)));
    // Response, tag, or both may have lain there; the rest is as before.
    expect(new Set(away.map(String))).toEqual(new Set(['hello', 'nothing', 'unavailable']));
    const durable = [];
    for (const key of keys) durable.push(await store.invalidate([`tag of ${key}`], 'hard'));
    expect(durable).toContain(false);
    await one.restart();
    await until(async () => (await store.invalidate(keys, 'hard')) && store.health().state === 'up');
    for (const [i, key] of keys.entries()) {
      if (durable[i]) expect(['gone', 'nothing']).toContain(await ask(store, key));
    }
    for (const key of keys) await fill(store, [`tag of ${key}`], { key });
    for (const key of keys) expect(await ask(store, key)).toEqual(HELLO);
  });

  it('leaves the others to be used: what lies on them alone is a hit, and its invalidation durable', async () => {
    const [one, other] = [await start(), await start()];
    const namespace = newNamespace();
    const store = await join([one.seat, other.seat], { namespace, deadlineMs: 1_000 });
    const keys = Array.from({ length: 40 }, (_, i) => `page${i}`);
    for (const key of keys) await fill(store, [`tag of ${key}`], { key });
    const sequenceLiesOn = (await one.keys()).some((key) => key.endsWith(':g')) ? one : other;
    await (sequenceLiesOn === one ? other : one).kill();
    const mark = (key: string): Promise<boolean> => store.mark(key, Buffer.from('x'), 60_000);
    let lost = 'lost';
    while (await mark(lost)) lost += '+';
    // More failures running than a breaker waits for: it is the dead one's own.
    for (let i = 0; i < 10; i++) expect(await mark(lost)).toBe(false);
    const hits = [];
    for (const key of keys) if (Buffer.isBuffer(await ask(store, key))) hits.push(key);
    expect(hits.length).toBeGreaterThan(2);
    for (const key of hits) {
      expect(await store.invalidate([`tag of ${key}`], 'hard')).toBe(true);
      expect(await ask(store, key)).toBe('gone');
      expect(await fill(store, [`tag of ${key}`], { key })).toBe('stored');
    }
  });
});

describe('a store that is closed', () => {
  it('says nothing of what that cut off', async () => {
    const server = await start();
    const failures: string[] = [];
    const store = await join([server.seat], { deadlineMs: 2_000, onFailure: ({ message }) => failures.push(message) });
    server.pause();
    const cutOff = [begin(store), store.invalidate(['x'], 'hard')];
    await store.close();
    await Promise.all(cutOff);
    expect(failures).toEqual([]);
  });
});

describe('a server that hangs', () => {
  it('costs three deadlines, then one a second, and is used again when it answers', async () => {
    const server = await start();
    const store = await join([server.seat], { deadlineMs: DEADLINE_MS });
    await until(async () => (await fill(store, ['x'])) === 'stored');
    server.pause();
    const times: number[] = [];
    for (let i = 0; i < 8; i++) times.push((await timed(() => begin(store)))[1]);
    expect(Math.max(...times)).toBeLessThan(DEADLINE_MS + SLACK_MS);
    // Then it is left alone. Nothing is waited for, however slow the machine is; but one that stood still is not counted.
    expect(Math.min(...times.slice(3))).toBeLessThan(DEADLINE_MS / 2);
    // Long enough for the breaker to have doubled its wait, and for the connection to have been given up.
    const from = performance.now();
    let asked = 0;
    let longest = 0;
    await until(async () => {
      longest = Math.max(longest, await everything(store, asked++));
      return performance.now() - from > 2_200;
    });
    expect(longest).toBeLessThan(2 * (DEADLINE_MS + SLACK_MS));
    // To wait for each of them would take a quarter of a second a round.
    expect(asked).toBeGreaterThan(20);
    expect(store.health().outstanding).toBeLessThan(10);
    server.resume();
    await until(async () => Buffer.isBuffer(await ask(store)));
    await until(() => store.invalidate(['x'], 'hard'));
  });

  it('may carry out late what it was told: that costs hits, and brings nothing back', async () => {
    const server = await start();
    const store = await join([server.seat], { deadlineMs: DEADLINE_MS });
    await until(async () => (await fill(store, ['x'])) === 'stored');
    const begun = await begin(store);
    server.pause();
    expect(await store.invalidate(['x'], 'hard')).toBe(false);
    expect((await commit(store, begun, ['x'])).kind).toBe('unavailable');
    server.resume();
    await until(async () => store.invalidate(['x'], 'hard'));
    expect(await ask(store)).not.toEqual(HELLO);
    await until(async () => (await fill(store, ['x'])) === 'stored');
    await until(async () => Buffer.isBuffer(await ask(store)));
  });

  it('answers no waiting connection either: the others are not kept waiting', async () => {
    const [one, other] = [await start(), await start()];
    one.pause();
    const store = open([one.seat, other.seat], { deadlineMs: DEADLINE_MS });
    const [, ms] = await timed(() => begin(store));
    expect(ms).toBeLessThan(DEADLINE_MS + SLACK_MS);
    one.resume();
    await store.ready();
    await until(async () => (await fill(store, ['x'])) === 'stored');
  });
});

describe('a server that one process cannot reach (PROTOCOL T31, property 18)', () => {
  it('makes its invalidations not durable there, and moves no key', async () => {
    const servers = [await start(), await start()];
    const proxies = await Promise.all(servers.map(async (server) => kept(await LabelledProxy.start(server.port))));
    const seats = proxies.map(({ port }) => ({ host: '127.0.0.1', port, weight: 1 }));
    const parts = { namespace: newNamespace(), deadlineMs: 1_000 };
    const joined = [];
    for (const label of ['cut off', 'well']) {
      for (const proxy of proxies) proxy.expect(label);
      joined.push(await join(seats, parts));
    }
    const [cutOff, well] = joined as [(typeof joined)[0], (typeof joined)[0]];
    const keys = Array.from({ length: 30 }, (_, i) => `page${i}`);
    for (const key of keys) await fill(well, [`tag of ${key}`], { key });
    const where = async (): Promise<string[][]> =>
      Promise.all(servers.map(async (server) => (await server.keys()).filter((key) => /:[et]:/.test(key)).sort()));
    const before = await where();

    proxies[0]?.cut('cut off');
    // So many that some lie on either.
    const probes = Array.from({ length: 30 }, (_, i) => `probe${i}`);
    await until(async () => !(await cutOff.invalidate(probes, 'hard')));
    let durable = 0;
    for (const key of keys) {
      const isDurable = await cutOff.invalidate([`tag of ${key}`], 'hard');
      if (isDurable) durable++;
      const seen = await ask(well, key);
      // What was said to be done is seen by those who still reach both; the rest may or may not be.
      if (isDurable) expect(seen).toBe('gone');
      expect(await ask(cutOff, key)).not.toEqual(HELLO);
    }
    expect(durable).toBeLessThan(keys.length);
    const after = await where();
    const [here, there] = [0, 1].map((i) => new Set([...(before[i] ?? []), ...(after[i] ?? [])])) as [
      Set<string>,
      Set<string>,
    ];
    expect([...here].filter((key) => there.has(key))).toEqual([]);

    proxies[0]?.heal();
    await until(async () =>
      cutOff.invalidate(
        keys.map((key) => `tag of ${key}`),
        'hard',
      ),
    );
    for (const key of keys) expect(await ask(well, key)).toBe('gone');
  });
});

describe('a server that is full, or refuses', () => {
  it('is not said to have stored what it has no room for', async () => {
    // Evicts nothing: what does not fit is an error.
    const server = await start('-m', '8', '-M');
    const store = await join([server.seat]);
    const verdicts: string[] = [];
    while (!verdicts.includes('unavailable') && verdicts.length < 100) {
      const key = `page${verdicts.length}`;
      verdicts.push(await fill(store, ['x'], { key, body: Buffer.alloc(500_000, 1) }));
      if (verdicts.at(-1) === 'unavailable') expect(await ask(store, key)).toBe('nothing');
    }
    expect(verdicts.at(-1)).toBe('unavailable');
    // It is full, not broken.
    expect(store.health()).toMatchObject({ state: 'up', failures: 0 });
  });

  it('asks for a password that is said to nobody', async () => {
    const server = await start();
    const failures: string[] = [];
    const onFailure = (error: Error): void => void failures.push(`${error.message} ${error.stack} ${error.cause}`);
    const settings = { username: 'somebody', password: 'hunter2' };
    // A server without a file of passwords stores what it takes for a value; that is no failure.
    const store = await join([server.seat], { onFailure }, settings);
    expect(await fill(store, ['x'])).toBe('stored');
    await server.kill();
    await until(async () => (await begin(store)).token === undefined);
    expect(failures.join()).toContain('memcached');
    expect(failures.join()).not.toMatch(/hunter2|somebody/);
  });
});
