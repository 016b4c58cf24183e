import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import { type Cache, registerClass } from '@viewcache/core';
import { cachePage } from '@viewcache/express';
import { expresses } from '../support/expresses.js';
import { gate } from '../support/gate.js';
import { closeAfterEach, serve } from '../support/site.js';
import { errorOf, openMemory, openOn, stores, until } from './stores.js';

closeAfterEach();

const [[, express]] = expresses as [(typeof expresses)[number]];

/** Whose code runs. */
const caller = new AsyncLocalStorage<string>();
/** What ran, and whose it took itself to be. */
type Seen = (readonly [of: string, seen: string | undefined])[];
const toEachItsOwn = (seen: Seen): void => {
  for (const [of, by] of seen) expect([of, by]).toEqual([of, of]);
};

/** Is not to be copied, so that each has to make his own. */
class Secret {
  readonly #of: string;
  constructor(of: string) {
    this.#of = of;
  }
  get of(): string {
    return this.#of;
  }
}

/** Sees who copies it. */
const copies: (string | undefined)[] = [];
class Copied {
  constructor(readonly of: string) {}
}
registerClass(Copied, {
  name: 'own-context.Copied',
  encode: ({ of }) => of,
  decode: (of) => {
    copies.push(caller.getStore());
    return new Copied(of);
  },
});

/** A producer of each caller's own, whose first run ends when it is let. */
function makerOf<T>(make: (of: string) => T) {
  const seen: Seen = [];
  const first = gate();
  const see = (of: string): void => {
    seen.push([of, caller.getStore()]);
  };
  const produce = async (of: string): Promise<T> => {
    see(of);
    if (seen.length === 1) await first.passed;
    see(of);
    return make(of);
  };
  return { seen, see, produce, first };
}

describe.each(stores)('what runs for one caller runs in the context of none but him, in %s', (_name, store) => {
  /** Alice leads, something happens while her producer runs, and two others ask. */
  async function afterAlice<T>(
    make: (of: string) => T,
    { meanwhile = async () => {} }: { meanwhile?: (cache: Cache) => Promise<unknown> } = {},
  ) {
    const { cache } = await openOn(store);
    const maker = makerOf(make);
    const { seen, see, produce, first } = maker;
    const ask = (of: string) =>
      caller.run(of, () =>
        cache.getOrSet('k', () => produce(of), {
          ttl: () => {
            see(of);
            return 60;
          },
          tags: () => {
            see(of);
            return ['t'];
          },
          storeIf: () => {
            see(of);
            return true;
          },
        }),
      );
    const alice = ask('alice').catch((error: Error) => error.message);
    await until(() => seen.length > 0);
    await meanwhile(cache);
    const others = ['bob', 'carol', 'dave'].map(ask);
    first.open();
    const made = [await alice, ...(await Promise.all(others))];
    return { made, seen };
  }

  it('where what another made is older than an invalidation', async () => {
    const { made, seen } = await afterAlice((of) => of, { meanwhile: (cache) => cache.invalidate({ key: 'k' }) });
    expect(made).toEqual(['alice', 'bob', 'bob', 'bob']);
    expect(seen.some(([of]) => of === 'bob')).toBe(true);
    toEachItsOwn(seen);
  });

  it('where another has failed, and an invalidation came before', async () => {
    const fails = (of: string): string => {
      if (of === 'alice') throw new Error('failed');
      return of;
    };
    const { made, seen } = await afterAlice(fails, { meanwhile: (cache) => cache.invalidate({ key: 'k' }) });
    expect(made).toEqual(['failed', 'bob', 'bob', 'bob']);
    toEachItsOwn(seen);
  });

  it('where it cannot be copied, so that each makes his own', async () => {
    const { made, seen } = await afterAlice((of) => new Secret(of));
    expect(made.map((each) => (each as Secret).of)).toEqual(['alice', 'bob', 'carol', 'dave']);
    toEachItsOwn(seen);
  });

  it('where others wait for one who waited, and that comes to nothing as well', async () => {
    const { made, seen } = await afterAlice((of) => new Secret(of), {
      meanwhile: (cache) => cache.invalidate({ key: 'k' }),
    });
    expect(made.map((each) => (each as Secret).of)).toEqual(['alice', 'bob', 'carol', 'dave']);
    toEachItsOwn(seen);
  });

  it('a loader of many', async () => {
    const { cache } = await openOn(store);
    const { seen, see, produce, first } = makerOf((of) => of);
    const ask = (of: string, keys: readonly string[]) =>
      caller.run(of, () =>
        cache.getOrSetMany(
          keys,
          async (missing) => {
            const made = await produce(of);
            return missing.map((key) => ({ key, made }));
          },
          {
            ttl: 60,
            by: (row: { readonly key: string }) => {
              see(of);
              return row.key;
            },
          },
        ),
      );
    const alice = ask('alice', ['a', 'b']);
    await until(() => seen.length > 0);
    await cache.invalidate({ all: true });
    const bob = ask('bob', ['a', 'b', 'c']);
    // Of what nobody else was making.
    await until(() => seen.some(([of]) => of === 'bob'));
    first.open();
    await alice;
    expect([...(await bob).values()].map(({ made }) => made)).toEqual(['bob', 'bob', 'bob']);
    toEachItsOwn(seen);
  });

  it('isStale, and the producer that runs for its sake', async () => {
    const { cache } = await openOn(store);
    const { seen, see, produce, first } = makerOf((of) => of);
    const ask = (of: string) =>
      caller.run(of, () =>
        cache.getOrSet('k', () => produce(of), {
          ttl: 60,
          isStale: () => {
            see(of);
            return true;
          },
        }),
      );
    const alice = ask('alice');
    await until(() => seen.length > 0);
    await cache.invalidate({ key: 'k' });
    const bob = ask('bob');
    // What is there when he is to lead is not what he wants.
    await cache.set('k', 'set', 60);
    first.open();
    expect(await Promise.all([alice, bob])).toEqual(['alice', 'bob']);
    toEachItsOwn(seen);
  });

  it('the copy that whoever waited is handed', async () => {
    const { cache } = await openOn(store);
    const { seen, produce, first } = makerOf((of) => new Copied(of));
    const ask = (of: string) => caller.run(of, () => cache.getOrSet('k', () => produce(of), 60));
    const alice = ask('alice');
    await until(() => seen.length > 0);
    const bob = ask('bob');
    copies.length = 0;
    first.open();
    expect([(await alice).of, (await bob).of]).toEqual(['alice', 'alice']);
    expect(copies).toContain('bob');
  });

  it('a memoized function, and the iterable that it returns', async () => {
    const { cache } = await openOn(store);
    const { seen, see, produce, first } = makerOf((of) => of);
    const options = { name: 'stream', ttl: 60, ignore: [0], tags: ['t'] } as const;
    const stream = cache.memoize(async function* (of: string) {
      yield await produce(of);
      see(of);
    }, options);
    const through = async (items: AsyncIterable<string>): Promise<string[]> => {
      const all: string[] = [];
      for await (const item of items) all.push(item);
      return all;
    };
    const ask = (of: string) => caller.run(of, () => through(stream(of)));
    const alice = ask('alice');
    await until(() => seen.length > 0);
    await cache.invalidate({ tags: 't' });
    const bob = ask('bob');
    first.open();
    expect([await alice, await bob]).toEqual([['alice'], ['bob']]);
    toEachItsOwn(seen);
  });

  it('a batch: what its owner alone has invalidated waits for its end', async () => {
    const { cache, other } = await openOn(store, { consistency: 'strict' });
    const elsewhere = store === undefined ? cache : await other();
    const ends = gate();
    const { seen, produce, first } = makerOf((of) => of);
    await elsewhere.set('stock', 'old', 60);
    const alice = cache.batch(async () => {
      await cache.getOrSet('k', () => produce('alice'), 60);
      await ends.passed;
    });
    await until(() => seen.length > 0);
    await cache.invalidate({ key: 'k' });
    let receipt: unknown;
    const bob = cache.getOrSet(
      'k',
      async () => {
        receipt = await cache.invalidate({ key: 'stock' });
        return produce('bob');
      },
      60,
    );
    first.open();
    expect(await bob).toBe('bob');
    expect(receipt).toMatchObject({ durable: true });
    expect(await elsewhere.get('stock')).toBeUndefined();
    ends.open();
    await alice;
  });
});

describe('what runs for one caller when his time is up runs in his context', () => {
  it('his producer, when another one takes too long', async () => {
    const { cache, clock } = await openMemory({ collapseTimeout: '10s' });
    const { seen, produce, first } = makerOf((of) => of);
    const ask = (of: string) => caller.run(of, () => cache.getOrSet('k', () => produce(of), 60));
    const alice = ask('alice');
    const bob = ask('bob');
    clock.advance('11s');
    expect(await bob).toBe('bob');
    first.open();
    await alice;
    toEachItsOwn(seen);
  });

  it('what he is handed in its stead', async () => {
    const { cache, clock } = await openMemory();
    const options = { ttl: 10, staleWhileRevalidate: 60, softTimeout: '1s', forceRefresh: true } as const;
    const ask = (of: string, make: () => Copied | Promise<Copied>) =>
      caller.run(of, () => cache.getOrSet('k', make, options));
    await ask('alice', () => new Copied('alice'));
    clock.advance('11s');
    const never = new Promise<Copied>(() => {});
    const bob = ask('bob', () => never);
    copies.length = 0;
    caller.run('the timer', () => clock.advance('2s'));
    expect((await bob).of).toBe('alice');
    expect(copies).toEqual(['bob']);
  });

  it.each([
    ['at hardTimeout', { hardTimeout: '1s', refreshTimeout: '1s' }],
    ['behind an answer', { staleWhileRevalidate: 60, refreshTimeout: '2s' }],
  ] as const)('the end of his run, %s', async (_what, limits) => {
    const { cache, clock } = await openMemory();
    await cache.set('k', 'old', { ttl: 10, staleWhileRevalidate: 60 });
    clock.advance('11s');
    if (!('staleWhileRevalidate' in limits)) await cache.delete('k');
    let ended: unknown;
    const ask = () =>
      cache.getOrSet<string>(
        'k',
        ({ signal }) =>
          new Promise<string>(() => {
            signal.addEventListener('abort', () => {
              ended = caller.getStore();
            });
          }),
        { ttl: 10, ...limits },
      );
    const answer = errorOf(caller.run('bob', ask)).catch(() => {});
    caller.run('the timer', () => clock.advance('1s'));
    await answer;
    caller.run('the timer', () => clock.advance('2s'));
    expect(ended).toBe('bob');
  });
});

describe('a page whose key says who is asking', () => {
  it('shows what was made for its own visitor, of a value that each has to make himself', async () => {
    const { cache } = await openMemory();
    const user = new AsyncLocalStorage<string>();
    const first = gate();
    let asked = 0;
    const app = express();
    app.use((req, _res, next) => user.run(String(req.get('x-login')), next));
    app.get('/', cachePage({ ttl: 60, cache, key: () => String(user.getStore()), watch: [user] }), async (req, res) => {
      const greeting = cache.getOrSet('greeting', async () => {
        const language = req.get('accept-language');
        await first.passed;
        return `${user.getStore()} in ${language}`;
      });
      asked++;
      res.send(`${user.getStore()}: ${await greeting}`);
    });
    const site = await serve(app);
    const get = (login: string, language: string) => site.get('/', { 'x-login': login, 'accept-language': language });
    const alice = get('alice', 'en');
    await until(() => asked === 1);
    const bob = get('bob', 'fr');
    await until(() => asked === 2);
    first.open();
    expect((await alice).text).toBe('alice: alice in en');
    expect((await bob).text).toBe('bob: bob in fr');
    expect((await get('bob', 'fr')).text).toBe('bob: bob in fr');
  });
});
