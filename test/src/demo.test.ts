import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const main = fileURLToPath(new URL('../../examples/express/dist/main.js', import.meta.url));

function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcessByStdio<null, Readable, Readable> {
  const { CACHE_URL: _url, ADMIN_TOKEN: _token, FORCE_COLOR: _colour, ...inherited } = process.env;
  return spawn(process.execPath, [main, ...args], { env: { ...inherited, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
}

describe('npm run demo', () => {
  let demo: { output: string; errors: string; code: unknown };
  const lines = () => demo.output.split('\n').map((line) => line.trim());
  const linesOf = (path: string) => lines().filter((line) => line.startsWith(`${path} `));

  beforeAll(async () => {
    const child = start([]);
    const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    demo = { output, errors, code };
  }, 120_000);

  it('ends by itself, without an error', () => {
    expect(demo).toMatchObject({ errors: '', code: 0 });
  });

  it('loads every city and names who made the data', () => {
    expect(demo.output).toMatch(/135,233 in [\d.]+ s\n.*GeoNames.*CC BY 4\.0/);
  });

  it.each([
    '/cities?q=par',
    '/cities/2988507',
    '/countries/FR/top',
    '/countries/FR/stats',
    '/nearest?lat=48.85&lon=2.35',
  ])('answers %s from the cache the second time', (path) => {
    expect(linesOf(path)[0]).toMatch(/ [\d.]+ +[\d.]+ +\d+ × +viewcache; hit; ttl=\d+$/);
  });

  it.each(['/cities/2988507', '/cities?q=par', '/countries/FR/top'])('shows the edit of Paris on %s', (path) => {
    expect(linesOf(path)[1]).toMatch(/ 2,138,551 +hit; ttl=\d+ +→ +2,200,000 +fwd=.*stored$/);
  });

  it('still answers the page of Berlin from the cache after the edit', () => {
    expect(linesOf('/cities/2950159')).toEqual([expect.stringMatching(/ ([\d,]+) +hit; ttl=\d+ +→ +\1 +hit; ttl=/)]);
  });

  it('runs the handler once for 50 equal requests at once', () => {
    expect(lines()).toContainEqual(expect.stringMatching(/^50 answers in [\d.]+ ms, and the handler ran once$/));
    expect(lines()).toContainEqual(expect.stringMatching(/^49 × .*collapsed/));
  });

  it('fits a terminal of 60 lines and 100 columns, and sends no colours into a pipe', () => {
    const rows = demo.output.split('\n');
    expect(rows.length).toBeLessThan(60);
    expect(rows.filter((row) => row.length > 100)).toEqual([]);
    expect(demo.output).not.toContain('\u001b');
  });
});

describe('npm run demo -- --serve', () => {
  let child: ReturnType<typeof start>;
  let origin: string;
  let token: string;
  const paris = async () => {
    const response = await fetch(`${origin}/cities/2988507`);
    return { ...((await response.json()) as object), cacheStatus: response.headers.get('cache-status') };
  };
  const edit = (authorization: Record<string, string>, body: object) =>
    fetch(`${origin}/admin/cities/2988507`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', ...authorization },
      body: JSON.stringify(body),
    });

  beforeAll(async () => {
    child = start(['--serve'], { PORT: '0' });
    let output = '';
    for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
      output += chunk;
      if (output.includes('/cache/stats')) break; // the last line of the invitation
    }
    child.stdout.resume();
    origin = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0] ?? '';
    token = /Bearer (\w{32})/.exec(output)?.[1] ?? '';
  }, 120_000);

  afterAll(() => {
    child.kill('SIGKILL');
  });

  it('answers with what an edit wrote, as soon as the edit is answered', async () => {
    await paris();
    expect(await paris()).toMatchObject({ name: 'Paris', cacheStatus: expect.stringContaining('hit') });

    const edited = await edit({ authorization: `Bearer ${token}` }, { name: 'Lutetia' });
    expect(edited.status).toBe(200);
    expect(await paris()).toMatchObject({ name: 'Lutetia', cacheStatus: expect.stringContaining('fwd=') });
  });

  it.each([
    ['no token', {}],
    ['a wrong token', { authorization: 'Bearer admin' }],
    ['an empty token', { authorization: 'Bearer ' }],
  ])('refuses an edit with %s', async (_what, authorization) => {
    expect((await edit(authorization, { name: 'Nowhere' })).status).toBe(401);
  });

  it.each([{}, { population: -1 }, { population: '7' }, { name: ' ' }, { id: 1 }])(
    'refuses the edit %j',
    async (body) => {
      expect((await edit({ authorization: `Bearer ${token}` }, body)).status).toBe(400);
    },
  );

  it('ends on Ctrl-C, with a connection still open', async () => {
    const closed = once(child, 'close');
    child.kill('SIGINT');
    expect(await closed).toEqual([0, null]);
  });
});
