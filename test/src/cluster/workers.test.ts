import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, jest } from '@jest/globals';

jest.setTimeout(60_000);

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

/** Four workers, and the file they answer with. */
async function start(environment: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'viewcache-workers-'));
  const file = join(folder, 'data');
  writeFileSync(file, '0');
  const program = fileURLToPath(new URL('workers.js', import.meta.url));
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, DATA: file, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  cleanups.push(async () => {
    const closed = once(child, 'close');
    child.stdin.end();
    await closed;
    rmSync(folder, { recursive: true });
  });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const [line] = (await Promise.race([
    once(createInterface(child.stdout), 'line'),
    once(child, 'close').then(() => [said]),
  ])) as [string];
  const ports = JSON.parse(line) as number[];
  const ask = async (worker: number, path: string, method = 'GET') =>
    await fetch(`http://127.0.0.1:${ports[worker]}${path}`, { method });
  return {
    all: ports.map((_, worker) => worker),
    write: (value: string) => writeFileSync(file, value),
    read: async (worker: number) => await (await ask(worker, '/data')).text(),
    status: async (worker: number) => (await ask(worker, '/data')).headers.get('cache-status'),
    invalidate: async (worker: number, query = '') =>
      (await (await ask(worker, `/invalidate${query}`, 'POST')).json()) as { durable: boolean },
    value: async (worker: number) => (await (await ask(worker, '/values')).json()) as string,
    put: async (worker: number, value: string) => await (await ask(worker, `/values/${value}`, 'PUT')).json(),
    remove: async (worker: number) => (await (await ask(worker, '/values', 'DELETE')).json()) as { durable: boolean },
    memoized: async (worker: number) => (await (await ask(worker, '/memoized')).json()) as string[],
    forget: async (worker: number, query = '') =>
      (await (await ask(worker, `/memoized${query}`, 'DELETE')).json()) as { durable: boolean },
    heard: async (worker: number) => await ask(worker, '/heard'),
    warned: async (text: string) => {
      while (!said.includes(text)) await once(child.stderr, 'data');
    },
  };
}

describe('four workers with a cache in memory each', () => {
  it('hear of each other: after confirm all, nobody answers with what was there before', async () => {
    const { all, write, read, status, invalidate } = await start({ LAG: '200ms' });
    for (let round = 1; round <= 5; round++) {
      const before = await Promise.all(all.map(read));
      expect(new Set(before)).toEqual(new Set([String(round - 1)]));
      write(String(round));
      expect(await invalidate(round % all.length, '?confirm=all')).toMatchObject({ durable: true });
      expect(new Set(await Promise.all(all.map(read)))).toEqual(new Set([String(round)]));
    }
    for (const worker of all) expect(await status(worker)).toContain('hit');
  });

  it('are told at once, and the one that invalidates is exact without waiting', async () => {
    const { all, write, read, invalidate, heard } = await start();
    await Promise.all(all.map(read));
    const others = await Promise.all([1, 2, 3].map(heard));
    write('new');
    const receipt = invalidate(0);
    for (const other of others) expect(await other.json()).toMatchObject({ tags: ['data'], mode: 'soft' });
    expect(await receipt).toMatchObject({ durable: true });
    expect(await Promise.all(all.map(read))).toEqual(all.map(() => 'new'));
  });

  it('have values of their own, and let go of them when one of them writes', async () => {
    const { all, write, value, put, remove, heard } = await start();
    expect(await Promise.all(all.map(value))).toEqual(['0', '0', '0', '0']);
    write('1');
    expect(await Promise.all(all.map(value))).toEqual(['0', '0', '0', '0']);
    const others = await Promise.all([1, 2, 3].map(heard));
    expect(await put(0, 'set')).toBe(true);
    for (const other of others) expect(await other.json()).toMatchObject({ mode: 'soft' });
    // Memory is each worker's own: what one has set the others make for themselves, and none has what was there before.
    expect(await Promise.all(all.map(value))).toEqual(['set', '1', '1', '1']);
    write('2');
    const again = await Promise.all([0, 2, 3].map(heard));
    expect(await remove(1)).toMatchObject({ durable: true });
    for (const other of again) expect(await other.json()).toMatchObject({ mode: 'hard' });
    expect(await Promise.all(all.map(value))).toEqual(['2', '2', '2', '2']);
  });

  it('memoize for themselves, and forget together: for some arguments, or all', async () => {
    const { all, write, memoized, forget, heard } = await start();
    const everywhere = () => Promise.all(all.map(memoized));
    expect(await everywhere()).toEqual(all.map(() => ['a 0', 'b 0']));
    write('1');
    expect(await everywhere()).toEqual(all.map(() => ['a 0', 'b 0']));
    const others = await Promise.all([0, 1, 3].map(heard));
    expect(await forget(2, '?key=a')).toMatchObject({ durable: true });
    for (const other of others) await other.json();
    expect(await everywhere()).toEqual(all.map(() => ['a 1', 'b 0']));
    write('2');
    const again = await Promise.all([1, 2, 3].map(heard));
    expect(await forget(0)).toMatchObject({ durable: true });
    for (const other of again) await other.json();
    expect(await everywhere()).toEqual(all.map(() => ['a 2', 'b 2']));
  });

  it('that nobody relays for say so, and go on by their ttl', async () => {
    const { read, status, warned, invalidate } = await start({ RELAYS: 'no' });
    await read(1);
    expect(await status(1)).toContain('hit');
    await warned('relayInvalidations()');
    // Nobody knows what the others have.
    expect(await invalidate(0)).toMatchObject({ durable: false });
    expect(await invalidate(0, '?confirm=all')).toMatchObject({ durable: false });
  });
});
