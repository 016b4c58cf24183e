// With PORT it is the service. Without, it starts that as a process of its own, counts, kills it, and looks what is left.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { Database } from './database.js';

const PAGES = ['home', 'about', 'prices'];
const VIEWS = 300;

if (process.env['PORT'] === undefined) await show();
else await import('./service.js');

async function show(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'viewcache-views-'));
  const database = new Database(join(folder, 'views.txt'));
  const first = await start(folder);
  const numbers = Array.from({ length: VIEWS }, (_, i) => i);
  await Promise.all(
    numbers.map((i) => fetch(`${first.url}/pages/${PAGES[i % PAGES.length]}/views`, { method: 'POST' })),
  );
  console.log(`acknowledged     ${VIEWS} views`);
  first.process.kill('SIGKILL');
  await once(first.process, 'exit');
  console.log(`kill -9          the database has ${sum((await database.rows()).values())} of them`);

  const second = await start(folder);
  const counts = await Promise.all(PAGES.map((page) => viewsOf(`${second.url}/pages/${page}`)));
  console.log(`started again    it counts ${sum(counts)} views`);
  second.process.kill('SIGTERM');
  const [, signal] = (await once(second.process, 'exit')) as [number, string];
  console.log(`${signal}          the database has ${sum((await database.rows()).values())} of them`);
  await rm(folder, { recursive: true });
}

async function start(folder: string): Promise<{ readonly process: ChildProcess; readonly url: string }> {
  const program = fileURLToPath(new URL('service.js', import.meta.url));
  const env = { ...process.env, DATA: folder, PORT: '0' };
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { process: child, url };
}

async function viewsOf(url: string): Promise<number> {
  const { views } = (await (await fetch(url)).json()) as { readonly views: number };
  return views;
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((total, number) => total + number, 0);
}
