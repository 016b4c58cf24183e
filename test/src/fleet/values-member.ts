// One process of a fleet that uses values by themselves, within each other and within a page, and writes them in every way.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { cachePage, createServer } from '@viewcache/express';
import express from 'express';
import { Line } from './line.js';
import { type Member, machineMs, serveInFleet } from './membership.js';

/** Answers with the version of a row; nothing where nothing is stored. */
type Ask = (row: number) => Promise<number | undefined>;
/** Ends what is stored of a row, whose version is this one by now; says whether the store knows. */
type End = (row: number, version: number) => Promise<boolean>;

serveInFleet(async (member) => {
  const { orders, data, cache } = member;
  const load = async (row: number): Promise<number> => {
    const version = data.read(row);
    if (orders.handlerMs > 0) await sleep(Math.random() * orders.handlerMs);
    return version;
  };
  const options = (row: number) => ({ ttl: '1h', tags: [`row#${row}`, `group#${row % 3}`] }) as const;
  const inner = (row: number) => cache.getOrSet(`row ${row}`, () => load(row), options(row));
  const app = express();
  app.get('/rows/:row', cachePage({ ttl: '1h', cache }), async (req, res) => {
    res.type('text').send(String(await inner(Number(req.params['row']))));
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // A reader may do other things for longer than that.
  server.keepAliveTimeout = 0;
  const { port } = server.address() as AddressInfo;
  const memoized = cache.memoize((row: number) => inner(row), { name: 'memoized', ttl: '1h' });
  const asks: readonly (() => Ask)[] = [
    () => inner,
    () => (row) => cache.get<number>(`row ${row}`),
    () => (row) => cache.getOrSet(`outer ${row}`, () => inner(row), '1h'),
    () => async (row) => (await cache.getOrSet(`outer of two ${row}`, async () => [await memoized(row)], '1h'))[0],
    () => memoized,
    () => async (row) => {
      const keys = [row, (row + 1) % orders.rows];
      const loadAll = async (missing: readonly string[]) =>
        new Map(await Promise.all(missing.map(async (key) => [key, await load(Number(key.slice(4)))] as const)));
      // Which rows are asked for together is chance, so the loader says of none what it depends on but by its key.
      const found = await cache.getOrSetMany(
        keys.map((key) => `row ${key}`),
        loadAll,
        '1h',
      );
      return found.get(`row ${row}`);
    },
    () => (row) => cache.getOrSet(`row ${row}`, () => load(row), { ...options(row), forceRefresh: true }),
    // What it writes is older than what it asks for next, and must not be in its way.
    () => async (row) => {
      const since = await cache.token();
      await cache.set(`row ${row}`, await load(row), { ...options(row), since });
      return undefined;
    },
    () => {
      const line = new Line(port);
      return async (row) => {
        const { body, status } = await line.get(`/rows/${row}`);
        if (status !== 200) throw new Error(`answered ${status}`);
        return Number(body);
      };
    },
  ];
  return async () => {
    const readers = Array.from({ length: orders.readers }, () =>
      read(
        member,
        asks.map((make) => make()),
      ),
    );
    await Promise.all([...readers, write(member, endsOf(member))]);
    const { hits } = cache.stats();
    member.report.hits = hits;
  };
});

/** Every way to write that all processes know of when it has resolved, as far as they must. */
function endsOf({ cache, orders: { confirm } }: Member): readonly End[] {
  const isTold = async (ending: Promise<{ readonly durable: boolean }>) => (await ending).durable;
  const byKey: End = (row) => isTold(cache.invalidate({ key: `row ${row}` }, { confirm }));
  // Tags hold for what was stored by other ways, too, and keys alone for what has no tags: so both.
  const byTags: End = async (row, version) =>
    (await byKey(row, version)) && (await isTold(cache.purge({ tags: `row#${row}` }, { confirm })));
  if (confirm === 'all') return [byKey, byTags];
  return [
    byKey,
    byTags,
    (row, version) => cache.set(`row ${row}`, version, '1h'),
    async (row, version) => (await cache.setMany([[`row ${row}`, version]], '1h')).length === 0,
    (row) => isTold(cache.delete(`row ${row}`)),
    (row) => isTold(cache.deleteMany([`row ${row}`])),
  ];
}

async function write(member: Member, ends: readonly End[]): Promise<void> {
  const { orders, data, report } = member;
  if (orders.writes.length === 0) return;
  const everyMs = 1000 / orders.writesPerSecond;
  const writeRow = async (row: number): Promise<void> => {
    const version = data.read(row) + 1;
    data.write(row, version);
    const end = ends[Math.floor(Math.random() * ends.length)] as End;
    if (await end(row, version)) report.writes.push(row, version, machineMs());
    else report.unheard++;
  };
  // One write of a row at a time: of two sets that are under way together, either may be the last.
  const turns = new Map<number, Promise<void>>();
  let due = machineMs();
  for (let i = 0; !member.isOver; i++) {
    const row = orders.writes[i % orders.writes.length] ?? 0;
    turns.set(
      row,
      (turns.get(row) ?? Promise.resolve()).then(() => writeRow(row)),
    );
    due += everyMs;
    await sleep(Math.max(0, due - machineMs()));
  }
  await Promise.all(turns.values());
}

async function read(member: Member, asks: readonly Ask[]): Promise<void> {
  const { orders, report } = member;
  while (!member.isOver) {
    const row = Math.floor(Math.random() * orders.rows);
    const ask = asks[Math.floor(Math.random() * asks.length)] as Ask;
    const startedAt = machineMs();
    try {
      const version = await ask(row);
      if (version !== undefined) report.reads.push(row, startedAt, version);
    } catch {
      report.failures++;
    }
  }
}
