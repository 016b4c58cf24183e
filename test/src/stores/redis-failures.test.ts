import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisServer, type RedisSettings } from '../servers/redis.js';
import { SilentProxy } from '../servers/silent-proxy.js';
import { afterwards, commit, connected, fill, libraries, look, open, type RedisStore, seen } from './redis-setup.js';

/** Longest time one operation may take, and more than a busy machine takes for one that is answered. */
const deadlineMs = 400;
/** What a busy machine may add to it: what waits for a server that says nothing has no end. */
const slackMs = 20_000;

const rejections: unknown[] = [];
const note = (reason: unknown): unknown => rejections.push(reason);
beforeEach(() => {
  process.on('unhandledRejection', note);
});
afterEach(() => {
  process.off('unhandledRejection', note);
  expect(rejections.splice(0)).toEqual([]);
});

async function start(settings?: RedisSettings): Promise<RedisServer> {
  const server = await RedisServer.start(settings);
  afterwards(() => server.stop());
  return server;
}

/** Asks everything once; each has to settle within the deadline, and none may reject. */
async function askEverything(store: RedisStore): Promise<unknown[]> {
  const begun = performance.now();
  const lease = store.leases?.take('k');
  const answers = await Promise.all([
    look(store, 'k').then(({ token }) => token !== undefined),
    store.check([{ tag: 'a', stamp: `${'e'.repeat(12)}:0` }]),
    store.invalidate(['a'], 'soft'),
    store.mark('k', new Uint8Array(1), 1_000),
    lease?.then(({ kind }) => kind),
  ]);
  // An invalidation waits for a connection, and then for an answer.
  expect(performance.now() - begun).toBeLessThan(2 * deadlineMs + slackMs);
  return answers;
}

const nothing = [false, 'unavailable', false, false, 'open'];

/** Asks again and again until it is answered. */
async function answered(store: RedisStore, server: RedisServer): Promise<string> {
  for (;;) {
    const answer = await seen(store, 'k');
    if (answer !== 'no token') return answer;
    await server.command('PING');
  }
}

describe.each(libraries)('a Redis that fails, with %s', (_name, library) => {
  it('may be absent at first', async () => {
    const server = await start();
    await server.kill();
    // Reading the modules of a client takes a while, and nothing else is done meanwhile.
    await library();
    const { store, failures } = open({ form: 'single', url: server.url }, { deadlineMs }, library);
    const before = performance.now();
    expect(await seen(store, 'k')).toBe('no token');
    expect(performance.now() - before).toBeLessThan(slackMs);
    expect(await askEverything(store)).toEqual(nothing);
    expect(store.health().state).toBe('down');
    await server.restart();
    expect(await store.ready(30_000)).toBe(true);
    expect(await fill(store, 'k', 'v', ['a'])).toBe('stored');
    expect(store.health().state).toBe('up');
    expect(new Set(failures.map(({ message }) => message)).size).toBe(failures.length);
  });

  it('has invalidations queued at once, where it is known to be away', async () => {
    const server = await start();
    await server.kill();
    await library();
    const longMs = 40_000;
    const store = await new Promise<RedisStore>((resolve) => {
      const onFailure = (): void => resolve(opened.store);
      const opened = open({ form: 'single', url: server.url }, { deadlineMs: longMs, onFailure }, library);
    });
    const before = performance.now();
    expect(await store.invalidate(['a'], 'soft')).toBe(false);
    expect(performance.now() - before).toBeLessThan(longMs / 2);
  });

  it('says nothing of what was cut off by closing', async () => {
    const server = await start();
    const { store, failures } = open({ form: 'single', url: server.url }, { deadlineMs: 30_000 }, library);
    await store.ready(30_000);
    server.pause();
    const cutOff = [look(store, 'k'), store.invalidate(['a'], 'soft')];
    await store.close();
    await Promise.all(cutOff);
    expect(failures).toEqual([]);
  });

  it('may be killed, and comes back', async () => {
    const server = await start();
    const { store } = open({ form: 'single', url: server.url }, { deadlineMs }, library);
    await store.ready(30_000);
    const begun = await look(store, 'k');
    await server.kill();
    expect(await askEverything(store)).toEqual(nothing);
    expect(await commit(store, begun, 'k', 'v', ['a'])).toEqual({ kind: 'unavailable' });
    await server.restart();
    expect(await store.ready(30_000)).toBe(true);
    // Another run counts anew: what was begun under the one before is refused.
    expect(await commit(store, begun, 'k', 'v', ['a'])).toEqual({ kind: 'refused', tags: ['a'] });
    expect(await fill(store, 'k', 'v', ['a'])).toBe('stored');
  });

  it('may hang, for a moment or for long', async () => {
    const server = await start();
    const { store } = open({ form: 'single', url: server.url }, { deadlineMs }, library);
    await store.ready(30_000);
    await fill(store, 'k', 'v', ['a']);
    server.pause();
    for (let i = 0; i < 4; i++) expect(await askEverything(store)).toEqual(nothing);
    server.resume();
    await answered(store, server);
    server.pause();
    // Until the connection has been given up for silence.
    while (store.health().outstanding > 0 || (await store.ready(0))) await store.ready(0).then(() => pass());
    server.resume();
    expect(await store.ready(30_000)).toBe(true);
    // Those given up on may have been carried out after all.
    expect(['valid v', 'stale v', 'nothing']).toContain(await answered(store, server));
  });

  it('may be out of memory: what it has is read and invalidated, and nothing is said to be stored', async () => {
    const server = await start();
    const { store, failures } = open({ form: 'single', url: server.url }, { deadlineMs: 30_000 }, library);
    await store.ready(30_000);
    await fill(store, 'k', 'v', ['a']);
    await fill(store, 'k2', 'v', ['b']);
    await server.command('CONFIG', 'SET', 'maxmemory', 1);
    for (let i = 0; i < 5; i++) {
      expect(await fill(store, 'k3', 'v', ['a'])).toBe('unavailable');
      expect(await fill(store, 'k3', 'v', ['a', 'new'])).toBe('unavailable');
      expect(await seen(store, 'k')).toBe('valid v');
      expect(await store.invalidate(['b', 'unknown'], 'soft')).toBe(true);
      expect(await seen(store, 'k2')).toBe('stale v');
    }
    expect(String(failures[0])).toMatch(/OOM/);
    await server.command('CONFIG', 'SET', 'maxmemory', 0);
    expect(await fill(store, 'k3', 'v', ['a'])).toBe('stored');
  });

  it('may not let us in, and no failure tells with what we tried', async () => {
    const server = await start({ requirepass: 'rightpass' });
    await server.command('AUTH', 'rightpass');
    const url = (password: string): string => server.url.replace('//', `//default:${password}@`);
    for (const target of [
      { form: 'single', url: url('wr%40ngpass') },
      { form: 'single', url: server.url, password: 'wr@ngpass' },
    ] as const) {
      const { store, failures } = open(target, { deadlineMs }, library);
      while (failures.length === 0) expect(await store.ready(100)).toBe(false);
      expect(await askEverything(store)).toEqual(nothing);
      expect(String(failures[0])).toMatch(/WRONGPASS/);
      for (const failure of failures) expect(inspectAll(failure)).not.toMatch(/wr(@|%40)ngpass/);
    }
    expect(await fill(await connected({ form: 'single', url: url('rightpass') }, {}, library), 'k', 'v', ['a'])).toBe(
      'stored',
    );
  });

  it('may be made a replica, and is not read while it is one', async () => {
    const [server, primary] = [await start(), await start()];
    const { store } = open({ form: 'single', url: server.url }, { deadlineMs: 30_000 }, library);
    await store.ready(30_000);
    await fill(store, 'k', 'v', ['a']);
    await server.command('REPLICAOF', '127.0.0.1', primary.port);
    expect(await store.invalidate(['a'], 'soft')).toBe(false);
    expect(await seen(store, 'k')).toBe('no token');
    await server.command('REPLICAOF', 'NO', 'ONE');
    expect(await store.ready(30_000)).toBe(true);
    expect(await fill(store, 'k', 'w', ['a'])).toBe('stored');
  });

  it('may cut connections', async () => {
    const server = await start();
    const store = await connected({ form: 'single', url: server.url }, {}, library);
    await fill(store, 'k', 'v', ['a']);
    for (let i = 0; i < 5; i++) {
      await server.command('CLIENT', 'KILL', 'TYPE', 'normal');
      expect(await answered(store, server)).toBe('valid v');
    }
  });

  it('may be behind a cable that was pulled: only silence tells', async () => {
    const server = await start();
    const cable = await SilentProxy.start(server.port);
    afterwards(() => cable.close());
    const { store } = open({ form: 'single', url: `redis://127.0.0.1:${cable.port}` }, { deadlineMs }, library);
    await store.ready(30_000);
    await fill(store, 'k', 'v', ['a']);
    cable.silence();
    cable.heal();
    expect(await askEverything(store)).toEqual(nothing);
    expect(await answered(store, server)).toBe('valid v');
    expect(cable.connections).toBeGreaterThan(1);
  });
});

describe('a Redis that comes back with what was once so', () => {
  it('answers with nothing older than an invalidation that it has forgotten', async () => {
    const server = await start();
    const store = await connected({ form: 'single', url: server.url });
    await fill(store, 'k', 'old', ['a']);
    const begun = await look(store, 'k');
    await server.command('SAVE');
    expect(await store.invalidate(['a'], 'soft')).toBe(true);
    expect(await fill(store, 'k', 'new', ['a'])).toBe('stored');
    expect(await store.invalidate(['a'], 'soft')).toBe(true);
    await server.kill();
    await server.restart();
    expect(await store.ready(30_000)).toBe(true);
    const tags = begun.found?.kind === 'response' ? begun.found.response.tags : [];
    expect(tags).toHaveLength(1);
    expect(await store.check(tags)).toBe('gone');
    expect(await seen(store, 'k')).toBe('gone old');
    expect(await commit(store, begun, 'k', 'old', ['a'])).toEqual({ kind: 'refused', tags: ['a'] });
    expect(await fill(store, 'k', 'new', ['a'])).toBe('stored');
    expect(await seen(await connected({ form: 'single', url: server.url }), 'k')).toBe('valid new');
  });
});

/** Everything that may end in a log: the message, the stack, the causes, and all fields. */
function inspectAll(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.stack} ${JSON.stringify(error)} ${inspectAll(error.cause)}`;
}

function pass(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
