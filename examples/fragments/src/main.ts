import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from '@viewcache/express';
import { makeApp } from './app.js';
import { Cities } from './cities.js';

const cities = new Cities();
let parts = new Map<string, number>();
const app = makeApp(cities, (part) => parts.set(part, (parts.get(part) ?? 0) + 1));
const server = createServer(app).listen(Number(process.env['PORT'] ?? 0), '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** Asks for a page, and says what it has taken. */
async function visit(what: string, page: string, user: string): Promise<void> {
  parts = new Map();
  cities.queries = 0;
  const html = await (await fetch(`${url}/${page}?user=${user}`)).text();
  const taken = [...parts].map(([part, count]) => `${part} ${count}`).join(', ') || 'nothing';
  const greeting = /Hello \w+/.exec(html)?.[0];
  console.log(`${what.padEnd(22)} ${String(greeting).padEnd(12)} rendered: ${taken}; queries: ${cities.queries}`);
}

if (process.env['PORT'] === undefined) {
  await visit('the first visitor', 'home', 'Ada');
  await visit('the next one', 'home', 'Grace');
  const body = JSON.stringify({ name: 'Lisbon' });
  await fetch(`${url}/cities/7`, { method: 'PUT', body, headers: { 'content-type': 'application/json' } });
  await visit('city 7 has a new name', 'home', 'Ada');
  await visit('and then', 'home', 'Grace');
  // A page that does what it should not, which a warning says.
  await visit('wrongly shared', 'wrong', 'Ada');
  await visit('wrongly shared, again', 'wrong', 'Grace');
  server.close();
} else {
  console.log(`${url}/home?user=Ada`);
}
