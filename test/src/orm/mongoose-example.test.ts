import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MongoServer } from '../servers/mongo.js';

const main = fileURLToPath(new URL('../../../examples/mongoose/dist/main.js', import.meta.url));

describe('the example with Mongoose', () => {
  let server: MongoServer | undefined;
  let child: ChildProcess;
  let origin = '';
  let output = '';

  beforeAll(async () => {
    if (process.env['MONGO_URL'] === undefined) server = await MongoServer.start();
    const url = new URL(process.env['MONGO_URL'] ?? (server as MongoServer).url);
    url.pathname = '/viewcache_example';
    const env = { ...process.env, PORT: '0', MONGO_URL: url.href };
    const started = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    child = started;
    for await (const chunk of started.stdout.iterator({ destroyOnReturn: false })) {
      output += String(chunk);
      if (output.includes('Ctrl-C')) break;
    }
    started.stdout.on('data', (chunk) => {
      output += String(chunk);
    });
    origin = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0] ?? '';
  });

  afterAll(async () => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    await server?.stop();
  });

  const get = async (path: string) => {
    const response = await fetch(origin + path);
    return { isHit: /;\s*hit\b/.test(response.headers.get('cache-status') ?? ''), body: await response.json() };
  };
  const PATHS = ['/books', '/books/1', '/books/2', '/sales'];
  const hits = async () => {
    const found: string[] = [];
    for (const path of PATHS) if ((await get(path)).isHit) found.push(path);
    return found;
  };

  it('drops what has read an author, or what was sold, and nothing for a sale that is taken back', async () => {
    await hits();
    expect(await hits()).toEqual(PATHS);
    const headers = { 'content-type': 'application/json' };
    await fetch(`${origin}/authors/1`, { method: 'PUT', headers, body: JSON.stringify({ name: 'U. K. Le Guin' }) });
    expect(await hits()).toEqual(['/books/2', '/sales']);
    expect(await get('/books/1')).toMatchObject({ isHit: true, body: { author: { name: 'U. K. Le Guin' } } });

    const sell = async () => (await fetch(`${origin}/books/1/sales`, { method: 'POST' })).status;
    expect(await sell()).toBe(201);
    expect(await hits()).toEqual(['/books/2']);
    expect(await sell()).toBe(409);
    expect(await hits()).toEqual(PATHS);
    expect(await get('/sales')).toMatchObject({ body: { sold: 1 } });
    expect(output).toContain('authors.findAndModify(_id) → authors, authors#1 → 2 dropped');
  });
});
