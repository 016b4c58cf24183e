import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const NEST11 = `${repository}test/nest11`;
const SOURCE = `${repository}test/src/nestjs/consumer/app.ts`;

/** Compiles the app as a CommonJS app of Nest 11 that has this build of the package; says where it is. */
function compileForNest11(): string {
  // What pnpm has put there was there before the build. Its files may be those of the build by another name.
  const installed = realpathSync(`${NEST11}/node_modules/@viewcache/nestjs`);
  rmSync(`${installed}/dist`, { recursive: true, force: true });
  cpSync(`${repository}packages/nestjs/dist`, `${installed}/dist`, { recursive: true });
  rmSync(`${NEST11}/dist`, { recursive: true, force: true });
  // Which kind of module a file is, the folder says that it is in.
  mkdirSync(`${NEST11}/src`, { recursive: true });
  cpSync(SOURCE, `${NEST11}/src/app.ts`);
  const tsc = [`${repository}node_modules/typescript/bin/tsc`, '-p', NEST11];
  const { status, stdout } = spawnSync(process.execPath, tsc, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`tsc in test/nest11:\n${stdout}`);
  return `${NEST11}/dist/app.js`;
}

const apps: readonly (readonly [name: string, nest: string, isRequired: boolean, compile: () => string])[] = [
  ['a CommonJS app of Nest 11', '11', true, compileForNest11],
  ['an ESM app of Nest 12', '12', false, () => fileURLToPath(new URL('consumer/app.js', import.meta.url))],
];

describe.each(apps)('%s', (_name, nest, isRequired, compile) => {
  let file: string;
  let child: ChildProcess | undefined;
  let urls: Record<string, string>;
  let complaints = '';

  beforeAll(async () => {
    file = compile();
    const started = spawn(process.execPath, [file], { stdio: ['pipe', 'pipe', 'pipe'] });
    child = started;
    started.stderr.on('data', (chunk) => {
      complaints += String(chunk);
    });
    const gone = once(started, 'close').then(() => [JSON.stringify({ died: complaints })]);
    const [line] = await Promise.race([once(createInterface(started.stdout), 'line'), gone]);
    urls = JSON.parse(String(line)) as Record<string, string>;
  });
  afterAll(() => {
    child?.kill();
  });

  const get = async (name: string, path: string, init: RequestInit = {}) => {
    const response = await fetch(`${urls[name]}${path}`, init);
    const isHit = /;\s*hit\b/.test(response.headers.get('cache-status') ?? '');
    return { status: response.status, isHit, kind: response.headers.get('x-kind'), body: await response.json() };
  };

  it('is what it says', () => {
    expect(urls).not.toHaveProperty('died');
    expect(readFileSync(file, 'utf8').includes('require("@viewcache/nestjs")')).toBe(isRequired);
    const modules = isRequired ? `${NEST11}/node_modules` : `${repository}test/node_modules`;
    const { version } = JSON.parse(readFileSync(`${modules}/@nestjs/core/package.json`, 'utf8')) as { version: string };
    expect(version.split('.')[0]).toBe(nest);
  });

  describe.each(['Express', 'Fastify', 'Express by our adapter'])('on %s', (name) => {
    it('has views and results cached, and invalidated by a write', async () => {
      const banned = { headers: { 'x-banned': '1' } };
      const first = await get(name, '/cities/7');
      const second = await get(name, '/cities/7');
      expect(first).toEqual({ status: 200, isHit: false, kind: 'city', body: { name: 'Pula', run: 1, reads: 1 } });
      expect(second).toEqual({ ...first, isHit: true });
      expect((await get(name, '/cities/7', banned)).status).toBe(403);
      const headers = { 'content-type': 'application/json' };
      await get(name, '/cities/7', { method: 'PUT', headers, body: '{"name":"Split"}' });
      const third = await get(name, '/cities/7');
      expect(third).toEqual({ status: 200, isHit: false, kind: 'city', body: { name: 'Split', run: 2, reads: 2 } });
    });

    it('has its caches injected', async () => {
      expect((await get(name, '/cities/caches')).body).toEqual([true, true, true]);
    });

    it('has what came from @nestjs/cache-manager by another import', async () => {
      const asked = async () => ((await get(name, '/moved?a')).body as { run: number }).run;
      expect([await asked(), await asked()]).toEqual([1, 1]);
      await get(name, '/moved', { method: 'PUT' });
      expect(await asked()).toBe(2);
    });

    it('has public views answered before the guards', async () => {
      const banned = { headers: { 'x-banned': '1' } };
      await get(name, '/cities/public');
      await get(name, '/cities/public');
      expect(await get(name, '/cities/public', banned)).toMatchObject({ status: 200, isHit: true });
    });
  });

  it('complains of nothing, and ends when its apps are closed', async () => {
    if (child === undefined) throw new Error('not started');
    const gone = once(child, 'close');
    child.stdin?.end();
    expect(await gone).toEqual([0, null]);
    expect(complaints).toBe('');
  });
});
