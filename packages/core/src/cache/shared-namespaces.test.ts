import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Cache } from './cache.js';

const adapter = () => ({ get: async () => undefined, set: async () => true, delete: async () => true });

/** A process of its own each time: it warns once. */
async function freshly() {
  jest.resetModules();
  const { createCache } = await import('./create-cache.js');
  return createCache;
}

describe('two open caches of one store and namespace', () => {
  let warning: jest.SpiedFunction<typeof process.emitWarning>;
  const open: Cache[] = [];

  beforeEach(() => {
    warning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((cache) => cache.close()));
    jest.restoreAllMocks();
  });

  it('are warned of, once in the life of the process', async () => {
    const createCache = await freshly();
    const store = adapter();
    for (let i = 0; i < 3; i++) open.push(createCache({ store }), createCache({ store, namespace: 'shop' }));
    expect(warning).toHaveBeenCalledTimes(1);
    expect(warning.mock.calls[0]?.[0]).toContain("the same store and the namespace 'viewcache'");
  });

  it('are warned of where the store is one by its address', async () => {
    const createCache = await freshly();
    open.push(createCache({ store: 'memcached://127.0.0.1:1' }));
    expect(warning).not.toHaveBeenCalled();
    open.push(createCache({ store: 'memcached://127.0.0.1:1', maxBytes: '1mb' }));
    expect(warning).toHaveBeenCalledTimes(1);
  });

  it('are not two if the first was closed, the store or the namespace is another, or nothing is shared', async () => {
    const createCache = await freshly();
    const store = adapter();
    for (let i = 0; i < 2; i++) await createCache({ store }).close();
    open.push(createCache({ store }), createCache({ store, namespace: 'b' }), createCache({ store: adapter() }));
    open.push(createCache(), createCache(), createCache({ store: 'null:' }), createCache({ store: 'null:' }));
    expect(warning).not.toHaveBeenCalled();
  });
});
