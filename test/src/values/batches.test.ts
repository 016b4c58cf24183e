import { describe, expect, it } from '@jest/globals';
import { openOn, stores } from './stores.js';

describe.each(stores)('values within a batch, in %s', (_name, store) => {
  it('that are set or counted after a delete stay', async () => {
    const { cache } = await openOn(store);
    await cache.set('n', 5, 60);
    await cache.batch(async () => {
      expect(await cache.delete('n')).toMatchObject({ durable: true });
      await cache.increment('n');
      await cache.increment('n');
    });
    expect(await cache.get('n')).toBe(2);
    await cache.batch(async () => {
      await cache.deleteMany(['n', 'm']);
      await cache.set('n', 'new', 60);
    });
    expect(await cache.get('n')).toBe('new');
  });

  it('that are set after their namespace was cleared, or results made after cacheClear, stay', async () => {
    const { cache } = await openOn(store);
    const users = cache.namespace('users');
    let name = 'old';
    const f = cache.memoize(async () => name, { name: 'f', ttl: 60 });
    await f();
    await users.set('7', 'old', 60);
    await cache.batch(async () => {
      await users.clear();
      await f.cacheClear();
      name = 'new';
      await users.set('7', 'new', 60);
      await f();
    });
    name = 'newer';
    expect([await users.get('7'), await f()]).toEqual(['new', 'new']);
  });

  it('go with the tags that the batch invalidates, for other processes when it ends', async () => {
    const { cache, other } = await openOn(store, { consistency: 'strict' });
    const elsewhere = store === undefined ? cache : await other();
    await cache.set('k', 'old', { ttl: 60, tags: ['t'] });
    expect(await elsewhere.get('k')).toBe('old');
    await cache.batch(async () => {
      await cache.invalidate({ tags: 't' });
      expect(await cache.get('k')).toBeUndefined();
    });
    expect(await elsewhere.get('k')).toBeUndefined();
  });
});
