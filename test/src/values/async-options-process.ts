import { setImmediate } from 'node:timers/promises';
import { createCache, memoized, registerClass } from '@viewcache/core';

// Run as a process of its own: jest looks after rejections itself. Says on stdout, for each of a user's functions that has to
// answer at once and promises instead, what the call came to, what was warned of, and how many rejections nobody looked after.

let rejections = 0;
process.on('unhandledRejection', () => rejections++);
// Wrong by its type, and what somebody in JavaScript may well pass.
const reject = (async () => {
  throw new Error('rejected');
}) as () => never;

class Encoded {
  readonly value = 1;
}
class Decoded {
  readonly value = 1;
}
registerClass(Encoded, { encode: reject, decode: () => new Encoded() });
registerClass(Decoded, { encode: () => 1, decode: reject });

type Memo = Parameters<ReturnType<typeof createCache>['memoize']>[1];

const cache = createCache({ ttl: 60 });
const warnings: string[] = [];
cache.on((event) => {
  if (event.type === 'warning') warnings.push(event.message);
});
const memo = (options: Memo) => (): unknown => {
  const called: unknown = cache.memoize(async (id: number) => id, options);
  return (called as (id: number) => unknown)(1);
};
const calls: Readonly<Record<string, () => unknown>> = {
  ttl: () => cache.getOrSet('ttl', () => 1, { ttl: reject }),
  tags: () => cache.getOrSet('tags', () => 1, { tags: reject }),
  storeIf: () => cache.getOrSet('storeIf', () => 1, { storeIf: reject }),
  isStale: async () => {
    await cache.set('isStale', 0);
    return cache.getOrSet('isStale', () => 1, { isStale: reject });
  },
  cacheErrors: () => cache.getOrSet('cacheErrors', () => Promise.reject(new Error('down')), { cacheErrors: reject }),
  by: () => cache.getOrSetMany([1, 2], () => [{ id: 1 }, { id: 2 }], { by: reject }),
  'memoize ttl': memo({ name: 'ttl', ttl: reject }),
  'memoize tags': memo({ name: 'tags', tags: reject }),
  'memoize storeIf': memo({ name: 'storeIf', storeIf: reject }),
  'memoize when': memo({ name: 'when', when: reject }),
  'memoize key': memo({ name: 'key', key: reject }),
  'memoize ignore': memo({ name: 'ignore', ignore: reject }),
  'memoize ignore that throws': memo({
    name: 'throws',
    ignore: () => {
      throw new Error('thrown');
    },
  }),
  'memoize instanceKey': () => {
    const method = cache.memoize(
      async function (this: unknown, id: number) {
        return id;
      },
      { name: 'instanceKey', instanceKey: reject },
    );
    return { method }.method(1);
  },
  '@memoized cache': () => {
    class Users {
      @memoized({ cache: reject, ttl: 60 }) async find(id: number): Promise<number> {
        return id;
      }
    }
    return new Users().find(1);
  },
  'encode of a value': async () => (await cache.getOrSet('encode', () => new Encoded())).value,
  'decode of a value': async () => (await cache.getOrSet('decode', () => new Decoded())).value,
  'encode of an argument': () => cache.memoize(async (it: Encoded) => it.value, { name: 'encoded' })(new Encoded()),
};

const outcomes = [];
for (const [name, call] of Object.entries(calls)) {
  rejections = 0;
  warnings.length = 0;
  let came: unknown;
  try {
    const answer = call();
    came = await Promise.resolve(answer).catch((error: Error) => `rejected: ${error.message}`);
  } catch (error) {
    came = `threw: ${(error as Error).message}`;
  }
  // Node reports a rejection once the microtasks of its turn have run.
  await setImmediate();
  outcomes.push({ name, came, warned: warnings.length, told: warnings[0], rejections });
}
await cache.close();
console.log(JSON.stringify(outcomes));
