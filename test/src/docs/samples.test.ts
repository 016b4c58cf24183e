import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import type { Express } from 'express';
import request from 'supertest';
import { servers } from '../values/stores.js';
import { repository } from '../workspace/repository.js';
import { compiler, pages, projects, samplesFolder, samplesOf, writeSamples } from './samples.js';

describe('the samples of the documentation', () => {
  const samples = pages().flatMap(samplesOf);
  const servers: Server[] = [];
  let compiled: readonly { status: number | null; stdout: string }[];

  beforeAll(() => {
    writeSamples(samples);
    compiled = projects.map((path) => spawnSync(process.execPath, [compiler, '-p', path], { encoding: 'utf8' }));
  });

  afterAll(() => {
    for (const server of servers) server.close();
  });

  it('have names of their own', () => {
    expect(new Set(samples.map(({ name }) => name)).size).toBe(samples.length);
  });

  it('compile', () => {
    for (const { stdout, status } of compiled) expect([stdout, status]).toEqual(['', 0]);
  });

  it.each(['readme', 'orm-readme', 'step-5', 'values', 'nest-readme', 'nest-step-5'])(
    '%s answers from the cache until the city changes',
    async (name) => {
      // One server, because the host with its port is part of the key.
      const server = await listening(name);
      servers.push(server);
      await once(server, 'listening');
      const first = await request(server).get('/cities/7');
      const second = await request(server).get('/cities/7');
      expect(first.headers['cache-status']).toBe('viewcache; fwd=uri-miss; stored');
      expect(second.headers['cache-status']).toMatch(/^viewcache; hit; ttl=\d+$/);
      expect(second.text).toBe(first.text);
      await request(server).put('/cities/7').send({ name: 'Lisboa', population: 545_000 }).expect(200);
      const third = await request(server).get('/cities/7');
      expect(third.headers['cache-status']).toBe('viewcache; fwd=stale; stored');
      expect(third.body.name).toBe('Lisboa');
      for (const status of ['viewcache; fwd=uri-miss', 'viewcache; fwd=miss']) {
        const missing = await request(server).get('/cities/99').expect(404);
        expect(missing.headers['cache-status']).toBe(status);
      }
    },
  );

  it('orm-readme drops the lists and the page of the row that is written, and leaves that of another', async () => {
    const server = await listening('orm-readme');
    servers.push(server);
    await once(server, 'listening');
    const paths = ['/cities', '/cities/7', '/cities/8'];
    const ask = async (path: string) => (await request(server).get(path).expect(200)).headers['cache-status'];
    for (const path of paths) await ask(path);
    await request(server).put('/cities/7').send({ name: 'Lisbon' }).expect(200);
    const after = [await ask('/cities'), await ask('/cities/7'), await ask('/cities/8')];
    const stale = 'viewcache; fwd=stale; stored';
    expect(after).toEqual([stale, stale, expect.stringMatching(/^viewcache; hit/)]);
  });
});

describe('the samples that are tests or programs', () => {
  const runs = pages()
    .flatMap(samplesOf)
    .filter(({ kind }) => kind === 'run')
    .map(({ name, code }) => [name, code] as const);

  it.each(runs)(
    '%s does as printed',
    (name, code) => {
      const file = fileURLToPath(new URL(`${name}.js`, samplesFolder));
      const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...env } = process.env;
      const { status, stdout, stderr } = spawnSync(process.execPath, [...runnerOf(code), file], {
        encoding: 'utf8',
        env: { ...env, CACHE_URL: servers.redis.url },
      });
      expect(status === 0 ? '' : stdout + stderr).toBe('');
    },
    60_000,
  );
});

/** What a reader would run it with. */
function runnerOf(code: string): string[] {
  if (code.includes("from 'node:test'")) return ['--test'];
  if (!code.includes("from '@jest/globals'")) return [];
  const jest = fileURLToPath(new URL('node_modules/jest/bin/jest.js', repository));
  const config = JSON.stringify({ rootDir: fileURLToPath(samplesFolder), testMatch: ['**/*.js'], transform: {} });
  return ['--experimental-vm-modules', jest, '--config', config, '--runTestsByPath'];
}

async function listening(name: string): Promise<Server> {
  if (!name.startsWith('nest-')) {
    const { app } = (await import(new URL(`${name}.js`, samplesFolder).href)) as { app: Express };
    return app.listen(0, '127.0.0.1');
  }
  const { app } = (await import(new URL(`nestjs/${name}.js`, samplesFolder).href)) as { app: INestApplication };
  await app.init();
  return (app.getHttpServer() as Server).listen(0, '127.0.0.1');
}
