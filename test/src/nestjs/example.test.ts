import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const main = fileURLToPath(new URL('../../../examples/nestjs/dist/main.js', import.meta.url));

describe('npm run demo:nestjs', () => {
  let child: ChildProcess | undefined;
  let errors = '';
  let origin = '';
  const staff = { authorization: 'Bearer secret' };

  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(origin + path, { headers });
    const isHit = /;\s*hit\b/.test(response.headers.get('cache-status') ?? '');
    return { status: response.status, isHit, text: await response.text() };
  };
  const put = async (path: string, body: object, headers: Record<string, string> = staff) => {
    const fields = { 'content-type': 'application/json', ...headers };
    return (await fetch(origin + path, { method: 'PUT', headers: fields, body: JSON.stringify(body) })).status;
  };

  beforeAll(async () => {
    const { CACHE_URL: _, ...inherited } = process.env;
    const env = { ...inherited, PORT: '0', STAFF_TOKEN: 'secret' };
    const started = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    started.stderr.on('data', (chunk) => {
      errors += String(chunk);
    });
    let output = '';
    for await (const chunk of started.stdout.iterator({ destroyOnReturn: false })) {
      output += String(chunk);
      if (output.includes('All routes')) break;
    }
    started.stdout.resume();
    origin = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0] ?? '';
  });
  afterAll(() => {
    child?.kill('SIGKILL');
  });

  it('answers from the cache, without what is excluded', async () => {
    const first = await get('/books/1');
    const second = await get('/books/1');
    expect([first.isHit, second.isHit]).toEqual([false, true]);
    expect(second.text).toBe(first.text);
    const book = { id: 1, title: 'The Dispossessed', author: 'Ursula K. Le Guin', price: 1295 };
    expect(JSON.parse(second.text)).toEqual(book);
  });

  it('shows an edit at once, on every page that shows the book', async () => {
    for (const path of ['/', '/books', '/books/2']) await get(path);
    for (const path of ['/', '/books', '/books/2']) expect((await get(path)).isHit).toBe(true);
    expect(await put('/staff/books/2', { title: 'Solaris, revised' })).toBe(200);
    for (const path of ['/', '/books', '/books/2']) {
      const page = await get(path);
      expect([page.isHit, page.text.includes('Solaris, revised')]).toEqual([false, true]);
    }
    expect((await get('/books/1')).isHit).toBe(true);
  });

  it('lets nobody but staff have what is stored for staff', async () => {
    await get('/staff/worth', staff);
    expect(await get('/staff/worth', staff)).toMatchObject({ status: 200, isHit: true });
    expect(await get('/staff/worth')).toMatchObject({ status: 401, isHit: false });
    expect(await put('/staff/books/1', { price: 1 }, {})).toBe(401);
  });

  it.each([{}, { price: -1 }, { price: '7' }, { title: ' ' }, { cost: 1 }])('refuses the edit %j', async (edit) => {
    expect(await put('/staff/books/1', edit)).toBe(400);
  });

  it('says what there is not', async () => {
    expect((await get('/books/99')).status).toBe(404);
    expect(await put('/staff/books/99', { price: 1 })).toBe(404);
  });

  it('describes its routes', async () => {
    const { paths } = JSON.parse((await get('/docs-json')).text) as { paths: object };
    expect(Object.keys(paths)).toEqual([
      '/',
      '/books',
      '/books/{id}',
      '/staff/worth',
      '/staff/books/{id}',
      '/staff/cache',
    ]);
    expect((await get('/docs')).text).toContain('swagger-ui');
  });

  it('counts', async () => {
    const before = JSON.parse((await get('/staff/cache', staff)).text) as { queries: number; hits: number };
    expect((await get('/books/1')).isHit).toBe(true);
    const after = JSON.parse((await get('/staff/cache', staff)).text) as typeof before;
    expect([after.queries - before.queries, after.hits - before.hits]).toEqual([0, 1]);
  });

  it('ends on Ctrl-C, and has complained of nothing', async () => {
    if (child === undefined) throw new Error('not started');
    const closed = once(child, 'close');
    child.kill('SIGINT');
    const [code, signal] = await closed;
    expect([signal ?? code, errors]).toEqual(['SIGINT', '']);
  });
});
