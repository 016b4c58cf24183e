import { describe, expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { readWatchOptions } from './read-options.js';
import type { WatchOptions } from './watch-options.js';
import { WatchRegistry } from './watch-registry.js';

const own = (): readonly string[] => [];

/** Watches the same twice; what is warned of. */
function twice(first: object, second: object, by = 'watchPg'): string[] {
  const cache = createCache();
  const warnings: string[] = [];
  cache.on((event) => void (event.type === 'warning' && warnings.push(event.message)));
  const watches = new WatchRegistry<{ close(): void }>();
  const client = {};
  const read = (watch: string, options: object) => readWatchOptions(watch, { ...options, cache }, ['readTables']);
  const open = () => ({ close() {} });
  const one = watches.watch(client, read(by, first), open);
  expect(watches.watch(client, read('watchPg', second), open).watch).toBe(one.watch);
  return warnings;
}

describe('a second watch of the same', () => {
  it('is warned of, with the options that are ignored', () => {
    expect(twice({ namespace: 'a' }, { namespace: 'b', maxRows: 5, onWrite: 'purge' })).toEqual([
      'watchPg: it is watched for the same cache already, and what was said first counts: ignored are namespace, maxRows',
    ]);
    expect(twice({}, { readTables: false }, 'watchDrizzle')).toEqual([
      'watchPg: it is watched by watchDrizzle for the same cache already, and what was said first counts: ignored is readTables',
    ]);
  });

  it('is warned of for what was read to the same words otherwise', () => {
    const users: WatchOptions = { tables: { users: { pk: 'id' } } };
    expect(twice(users, { tables: { users: { pk: ['id', 'tenant'] } } })).toHaveLength(1);
    expect(twice({ opaque: own }, { opaque: () => [] })).toHaveLength(1);
    expect(twice({ log: own }, { log: true })).toHaveLength(1);
    expect(twice({ readTables: { id: 1 } }, { readTables: { id: 1 } })).toHaveLength(1);
  });

  it.each<[string, object, object]>([
    ['the same', { namespace: 'a', views: { v: ['users'] } }, { namespace: 'a', views: { v: ['users'] } }],
    ['fewer', { namespace: 'a', log: true }, { log: true }],
    [
      'what counts anyway',
      {},
      { onWrite: 'purge', maxRows: 64, opaque: 'everything', readTables: true, log: undefined },
    ],
    ['the same function', { opaque: own, log: own }, { log: own, opaque: own }],
    [
      'the same in another order',
      { tables: { users: { pk: 'id' }, posts: { pk: ['id'] } } },
      { tables: { posts: { pk: 'id' }, users: { pk: 'id' } } },
    ],
  ])('is passed over where it asks for %s', (_, first, second) => {
    expect(twice(first, second)).toEqual([]);
  });
});
