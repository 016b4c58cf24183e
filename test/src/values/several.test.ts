import { describe, expect, it } from '@jest/globals';
import { openOn, stores } from './stores.js';

describe.each(stores.slice(1))('two processes with values in %s', (_name, store) => {
  it('add at the same time: one of all is told that it was', async () => {
    const { cache, other } = await openOn(store);
    const caches = [cache, await other(), await other(), await other()];
    for (let round = 0; round < 20; round++) {
      const added = await Promise.all(caches.map((it, i) => it.add(`k${round}`, i, 60)));
      expect(added.filter(Boolean)).toHaveLength(1);
      expect(await (await other()).get(`k${round}`)).toBe(added.indexOf(true));
    }
  });

  it('all count', async () => {
    const { cache, other } = await openOn(store);
    const caches = [cache, await other(), await other(), await other()];
    const sums = await Promise.all(caches.flatMap((it) => Array.from({ length: 25 }, () => it.increment('n'))));
    expect(new Set(sums).size).toBe(100);
    expect(Math.max(...sums)).toBe(100);
  });
});
