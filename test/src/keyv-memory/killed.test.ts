import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { memoryStore } from '@viewcache/core/keyv-memory';

const ENTRIES = 100_000;
const saver = fileURLToPath(new URL('./saver.js', import.meta.url));

describe('a process that is killed in the middle of writing a snapshot of 100,000 values', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'viewcache-killed-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it.each([
    ['leaves none, where there was none', 1],
    ['leaves the one before, whole', 2],
  ])('%s, and the next takes away what it had begun', async (_, snapshots) => {
    const path = join(folder, 'cache.snap');
    const child = fork(saver, [path, String(ENTRIES), String(snapshots)]);
    expect((await once(child, 'exit'))[1]).toBe('SIGKILL');
    const beside = readdirSync(folder)
      .filter((name) => name.startsWith(`cache.snap.${child.pid}.`))
      .map((name) => join(folder, name));
    expect(beside).toHaveLength(1);
    const store = memoryStore({ maxBytes: '256mb' });
    const none = { entries: 0, defect: 'missing' };
    expect(await store.restore(path)).toEqual(snapshots === 1 ? none : { entries: ENTRIES });
    const wrong: string[] = [];
    for await (const [key, value] of store.iterator())
      if (value !== `round 1, value ${key.slice('key '.length)}`) wrong.push(key);
    expect(wrong).toEqual([]);
    // Nor is what it had begun a snapshot to anybody.
    for (const file of beside) {
      expect(await memoryStore().restore(file)).toEqual({ entries: 0, defect: 'corrupt' });
      // It might be at work elsewhere until a minute has passed.
      await utimes(file, new Date(), new Date(Date.now() - 61_000));
    }
    await store.save(path);
    expect(readdirSync(folder)).toEqual(['cache.snap']);
  });
});
