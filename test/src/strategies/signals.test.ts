import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A process that says what it saves, writes what it is told, and listens for signals as its app does. */
function start(listens: string): {
  readonly child: ChildProcess;
  next(): Promise<string>;
} {
  const script = `import { createInterface } from 'node:readline';
    import { createCache } from '@viewcache/core';
    const say = (line) => process.stdout.write(line + '\\n');
    const heard = (signal) => say('heard ' + signal);
    ${listens}
    const save = (key) => say('saved ' + key);
    const rows = createCache().through({ name: 'rows', mode: 'write-behind', ttl: 60, flushEvery: '1h', load() {}, save });
    createInterface({ input: process.stdin }).on('line', async (key) => {
      if (key === 'end') process.exit(7);
      await rows.set(key, 1);
      say('has ' + key);
    });`;
  // In the folder of the tests, where the packages are found.
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  return { child, next: async () => String((await lines.next()).value) };
}

describe('a process that is told to end', () => {
  it('saves what waits at the signal that ends it, also when it has gone on after others', async () => {
    const { child, next } = start(`process.on('SIGINT', heard);`);
    child.stdin?.write('a\n');
    expect(await next()).toBe('has a');
    for (const key of ['b', 'c']) {
      child.kill('SIGINT');
      expect([await next(), await next()].sort()).toEqual(['heard SIGINT', expect.stringContaining('saved')]);
      child.stdin?.write(`${key}\n`);
      expect(await next()).toBe(`has ${key}`);
    }
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await next()).toBe('saved c');
    expect(await ended).toEqual([null, 'SIGTERM']);
  });

  it('is left to its app where that listens, also only once', async () => {
    const { child, next } = start(`process.once('SIGTERM', heard);`);
    child.stdin?.write('a\n');
    expect(await next()).toBe('has a');
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect([await next(), await next()].sort()).toEqual(['heard SIGTERM', 'saved a']);
    // It has its time, and writes: nothing is closed yet.
    child.stdin?.write('b\n');
    expect(await next()).toBe('has b');
    child.stdin?.write('end\n');
    expect(await ended).toEqual([7, null]);
  });
});
