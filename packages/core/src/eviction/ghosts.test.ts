import { describe, expect, it } from '@jest/globals';
import { CANDIDATES } from './candidates.js';
import { Ghosts } from './ghosts.js';
import { hashKey } from './hash.js';
import { LruPolicy } from './lru.js';
import { seeded } from './model-run.test.support.js';

const lru = { name: 'lru', create: () => new LruPolicy() };

describe('Ghosts', () => {
  it('answers for each candidate as a store of its own would', () => {
    const limits = { maxEntries: 50, maxBytes: 50 };
    const together = new Ghosts(CANDIDATES, limits, seeded(1));
    const alone = CANDIDATES.map((candidate) => new Ghosts([candidate], limits, seeded(1)));
    const random = seeded(8);
    for (let i = 0; i < 20_000; i++) {
      const hash = hashKey(String(Math.floor(random() ** 2 * 300)));
      for (const ghosts of [together, ...alone])
        if (i % 50 === 0) ghosts.forget(hash);
        else ghosts.request(hash, 1);
    }
    expect([...together.hits]).toEqual(alone.map(({ hits }) => hits[0]));
    expect(together.hasEvicted).toBe(true);
    expect(together.size).toBeLessThanOrEqual(50);
  });

  it('keeps to the bytes, and passes over what is too heavy for it', () => {
    const ghosts = new Ghosts([lru], { maxEntries: 100, maxBytes: 100 }, seeded(1));
    ghosts.request(1, 101);
    expect(ghosts.size).toBe(0);
    for (let key = 0; key < 10; key++) ghosts.request(key, 30);
    expect(ghosts.size).toBe(3);
    ghosts.request(9, 30);
    ghosts.request(6, 30);
    expect(ghosts.hits[0]).toBe(1);
  });
});
