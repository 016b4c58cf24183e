import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from '@jest/globals';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Loads the package once more, with all its modules, for another strategy. */
const twoCopies = `const { register } = await import('node:module');
  register('data:text/javascript,' + encodeURIComponent(\`export async function resolve(name, context, next) {
    const found = await next(name, context);
    const isCopied = context.parentURL?.endsWith('?copy') && found.url.startsWith('file:') && !found.url.endsWith('.node');
    return isCopied ? { ...found, url: found.url + '?copy' } : found;
  }\`));
  core = await import(import.meta.resolve('@viewcache/core') + '?copy');
  say(core.createCache === createCache ? 'one copy' : 'two copies');`;

/** A process that says what it saves, writes what it is told, and listens for signals as its app does. */
function start(
  listens: string,
  after = '',
): {
  readonly child: ChildProcess;
  next(): Promise<string>;
} {
  const script = `import { createInterface } from 'node:readline';
    import { createCache } from '@viewcache/core';
    let core = { createCache };
    const say = (line) => process.stdout.write(line + '\\n');
    const heard = (signal) => say('heard ' + signal);
    ${listens}
    const gates = new Map();
    const save = async (key) => {
      // Of these the database answers when it is told to.
      if (key.startsWith('slow')) await new Promise((answer) => say('saving ' + key, gates.set(key, answer)));
      say('saved ' + key);
    };
    const rows = createCache().through({ name: 'rows', mode: 'write-behind', ttl: 60, flushEvery: '1h', load() {}, save });
    const others = core.createCache().through({ name: 'others', mode: 'write-behind', ttl: 60, flushEvery: '1h', load() {}, save });
    ${after}
    createInterface({ input: process.stdin }).on('line', async (key) => {
      if (key === 'end') process.exit(7);
      const answer = gates.get(key);
      if (answer !== undefined) return answer();
      await (key.endsWith('other') ? others : rows).set(key, 1);
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

  it.each([
    ['signal-exit', 'before'],
    ['signal-exit', 'after'],
    ['signal-exit3', 'before'],
    ['signal-exit3', 'after'],
  ])('has saved before %s, which has come %s the strategy, ends it', async (library, when) => {
    const loads = `const loaded = await import('${library}'); (loaded.onExit ?? loaded.default)(() => void say('exits'));`;
    const { child, next } = when === 'before' ? start(loads) : start('', loads);
    child.stdin?.write('slow\n');
    expect(await next()).toBe('has slow');
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await next()).toBe('saving slow');
    child.stdin?.write('slow\n');
    expect(await next()).toBe('saved slow');
    expect(await next()).toBe('exits');
    expect(await ended).toEqual([null, 'SIGTERM']);
  });

  it('ends at once when it is told once more', async () => {
    const { child, next } = start('');
    child.stdin?.write('slow\n');
    expect(await next()).toBe('has slow');
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await next()).toBe('saving slow');
    child.kill('SIGTERM');
    expect(await ended).toEqual([null, 'SIGTERM']);
  });

  it('has saved when its app, which has listened, is done before that and sends the signal once more', async () => {
    // As terminus does, and Nest.
    const { child, next } = start(
      `process.once('SIGTERM', (signal) => (heard(signal), process.kill(process.pid, signal)));`,
    );
    child.stdin?.write('slow\n');
    expect(await next()).toBe('has slow');
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect([await next(), await next()].sort()).toEqual(['heard SIGTERM', 'saving slow']);
    child.stdin?.write('slow\n');
    expect(await next()).toBe('saved slow');
    expect(await ended).toEqual([null, 'SIGTERM']);
  });

  it('goes on saving when its app, which listens, is told once more', async () => {
    const { child, next } = start(`process.on('SIGTERM', heard);`);
    child.stdin?.write('slow\n');
    expect(await next()).toBe('has slow');
    child.kill('SIGTERM');
    expect([await next(), await next()].sort()).toEqual(['heard SIGTERM', 'saving slow']);
    child.kill('SIGTERM');
    expect(await next()).toBe('heard SIGTERM');
    child.stdin?.write('slow\n');
    expect(await next()).toBe('saved slow');
  });

  it.each([
    ['slow', 'other'],
    ['slow other', 'a'],
  ])('has saved %s and %s, of two copies of the package, before it ends', async (slow, quick) => {
    const { child, next } = start(twoCopies);
    expect(await next()).toBe('two copies');
    for (const key of [slow, quick]) {
      child.stdin?.write(`${key}\n`);
      expect(await next()).toBe(`has ${key}`);
    }
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect([await next(), await next()].sort()).toEqual([`saved ${quick}`, `saving ${slow}`]);
    child.stdin?.write(`${slow}\n`);
    expect(await next()).toBe(`saved ${slow}`);
    expect(await ended).toEqual([null, 'SIGTERM']);
  });
});
