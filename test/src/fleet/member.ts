// One process of a fleet: an app with a cache, requests to it, and writes with their invalidations.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { view } from '@viewcache/core';
import { cachePage, createServer } from '@viewcache/express';
import express from 'express';
import { Line } from './line.js';
import { type Member, machineMs, serveInFleet } from './membership.js';

serveInFleet(async (member) => {
  const { orders, data, cache } = member;
  const app = express();
  app.get('/rows/:row', cachePage({ ttl: '1h', cache }), async (req, res) => {
    const row = Number(req.params['row']);
    const version = data.read(row);
    if (orders.handlerMs > 0) await sleep(Math.random() * orders.handlerMs);
    // Known only now: nothing could have predicted it.
    view().dependsOn(`row#${row}`, `group#${row % 3}`);
    res.type('text').send(String(version));
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Who asks may do other things for longer than that.
  server.keepAliveTimeout = 0;
  const { port } = server.address() as AddressInfo;
  return async () => {
    const readers = Array.from({ length: orders.readers }, () => read(member, port));
    await Promise.all([...readers, write(member)]);
  };
});

async function write(member: Member): Promise<void> {
  const { orders, data, cache, report } = member;
  if (orders.writes.length === 0) return;
  const everyMs = 1000 / orders.writesPerSecond;
  const under: Promise<void>[] = [];
  let due = machineMs();
  for (let i = 0; !member.isOver; i++) {
    const row = orders.writes[i % orders.writes.length] ?? 0;
    const version = data.read(row) + 1;
    data.write(row, version);
    under.push(
      cache.invalidate({ tags: `row#${row}` }, { confirm: orders.confirm }).then(({ durable }) => {
        if (durable) report.writes.push(row, version, machineMs());
        else report.unheard++;
      }),
    );
    due += everyMs;
    await sleep(Math.max(0, due - machineMs()));
  }
  await Promise.all(under);
}

async function read(member: Member, port: number): Promise<void> {
  const { orders, report } = member;
  const line = new Line(port);
  while (!member.isOver) {
    const row = Math.floor(Math.random() * orders.rows);
    const startedAt = machineMs();
    const { body, status, cacheStatus } = await line.get(`/rows/${row}`);
    if (status !== 200) {
      report.failures++;
      continue;
    }
    report.reads.push(row, startedAt, Number(body));
    if (cacheStatus.includes('hit') || cacheStatus.includes('collapsed')) report.hits++;
  }
  line.close();
}
