import { describe, expect, it } from '@jest/globals';
import { createCache, memoized, type ProducerRun, registerClass } from '@viewcache/core';

interface User {
  readonly id: number;
  readonly name: string;
}

// What compiles, and what does not: the compiler is the one that fails here.
describe('the types of values', () => {
  const cache = createCache();

  it('call what memoize made of a function of any form', async () => {
    const named = cache.memoize(async function load(id: number) {
      return id;
    }, '1m');
    const anonymous = cache.memoize(
      function* (id: number) {
        yield id;
      },
      { name: 'anonymous', ttl: '1m', tags: (results, id) => [...results, id].map((n) => `n#${n}`) },
    );
    const arrow = cache.memoize(async (id: number, _also?: string) => id, '1m');
    class Rates {
      readonly factor = 2;
    }
    const withThis = cache.memoize(function times(this: Rates, n: number) {
      return this.factor * n;
    }, '1m');
    const answers: number[] = [
      await named(1),
      anonymous(2).next().value ?? 0,
      await arrow(3, 'x'),
      withThis.call(new Rates(), 2),
    ];
    expect(answers).toEqual([1, 2, 3, 4]);
    await named.invalidate(1);
    const wrong = () => {
      // @ts-expect-error an id is a number
      void named('1');
      // @ts-expect-error an id is a number
      void named.invalidate('1');
      // @ts-expect-error it is called on a Rates
      withThis(1);
      // @ts-expect-error a result is a number
      cache.memoize(async (id: number) => id, { tags: (result: string) => [result] });
    };
    expect(wrong).toBeInstanceOf(Function);
  });

  it('let a producer go on from what is stale, where it is written what that is', async () => {
    const fresh = async (): Promise<User> => ({ id: 1, name: 'Ada' });
    const user: User = await cache.getOrSet<User>('c', async (run) => run.stale ?? (await fresh()), '1m');
    // What it returns is known as before where nobody writes it.
    const inferred = await cache.getOrSet('d', async ({ isRefresh }) => ({ isRefresh, n: 1 }), {
      ttl: ({ n }) => n,
      tags: ({ n }) => [`n#${n}`],
    });
    const annotated = await cache.getOrSet('e', (run: ProducerRun<number>) => (run.stale ?? 0) + 1, '1m');
    expect([user.name, inferred.n.toFixed(), annotated.toFixed()]).toEqual(['Ada', '1', '1']);
    // @ts-expect-error -- of what is not written nothing is known
    expect(await cache.getOrSet('f', async (run) => run.stale?.name ?? 'none', '1m')).toBe('none');
  });

  it('tell the options of many what was loaded, and want to be told by what rows are known', async () => {
    const rows = async (ids: readonly number[]): Promise<(User | null)[]> => [
      ...ids.map((id) => ({ id, name: 'Ada' })),
      null,
    ];
    const byId = async (ids: readonly number[]) => new Map(ids.map((id) => [id, { id, name: 'Ada' }]));
    const told: Map<number, User> = await cache.getOrSetMany([1], (missing) => rows(missing), {
      by: 'id',
      ttl: (user) => user.id,
      tags: (user) => [user.name],
      storeIf: (user) => user.id > 0,
      isStale: (user) => user.name === '',
    });
    const byFunction: Map<number, User> = await cache.getOrSetMany([2], (missing) => rows(missing), {
      by: (user) => user.id,
      tags: (user: User) => [user.name],
    });
    const short: Map<number, User> = await cache.getOrSetMany([3], (missing) => rows(missing), { by: 'id', ttl: '1m' });
    const named: Map<number, User> = await cache.getOrSetMany([4], rows, { by: 'id', tags: (user) => [user.name] });
    const mapped: Map<number, User> = await cache.getOrSetMany([5], (missing) => byId(missing), {
      tags: (user) => [user.name],
    });
    const bare: Map<number, User> = await cache.getOrSetMany([6], byId);
    const object: Map<string, number> = await cache.getOrSetMany(['a'], (missing) => ({ a: missing.length }), '1m');
    const generic = async <T extends { id: number }>(load: (ids: readonly number[]) => Promise<T[]>) =>
      await cache.getOrSetMany([7], (missing) => load(missing), { by: 'id', tags: (row) => [`${row.id}`] });
    const many = [told, byFunction, short, named, mapped, bare, object, await generic(async () => [{ id: 7 }])];
    expect(many.map(({ size }) => size)).toEqual(many.map(() => 1));
    const wrong = () => {
      // @ts-expect-error nothing says by what the rows are known
      void cache.getOrSetMany([1], (missing) => rows(missing));
      // @ts-expect-error nothing says by what the rows are known
      void cache.getOrSetMany([1], (missing) => rows(missing), '1m');
      // @ts-expect-error nothing says by what the rows are known
      void cache.getOrSetMany([1], (missing) => rows(missing), { ttl: '1m' });
      // @ts-expect-error a user has none
      void cache.getOrSetMany([1], (missing) => rows(missing), { by: 'nope' });
      // @ts-expect-error it is no list
      void cache.getOrSetMany([1], (missing) => byId(missing), { by: 'id' });
      // @ts-expect-error it is neither a list, nor by key
      void cache.getOrSetMany([1], async () => 7, '1m');
    };
    expect(wrong).toBeInstanceOf(Function);
  });

  it('let the options of a method say what they are told, and refuse what it is not', async () => {
    class Users {
      constructor(
        readonly tenant: string,
        private readonly region: string,
      ) {}

      @memoized({
        cache,
        instanceKey: 'tenant',
        ttl: (user: User) => user.id,
        tags: (user: User, id: number) => [`users#${user.id}`, `asked#${id}`],
        storeIf: (user) => user !== undefined,
        isStale: (user: User, id: number) => user.id !== id,
        when: (id: number) => id > 0,
        key: (id: number) => id,
      })
      async find(id: number): Promise<User> {
        return { id, name: this.region };
      }

      @memoized({ cache, ttl: 60, instanceKey: (users: Users) => users.tenant })
      same<T>(value: T): T {
        return value;
      }

      @memoized({ cache, ttl: 60, instanceKey: 'region', tags: (names: readonly string[]) => names })
      *names(): Generator<string> {
        yield this.region;
      }

      @memoized('1m')
      static count(): number {
        return 1;
      }
    }
    const users = new Users('acme', 'north');
    const found: User = await users.find(7);
    const text: string = users.same('text');
    expect([found, text, [...users.names()], Users.count()]).toEqual([{ id: 7, name: 'north' }, 'text', ['north'], 1]);

    const wrong = () =>
      class {
        readonly tenant = 'acme';
        // @ts-expect-error it returns no User
        @memoized({ ttl: 60, tags: (user: User) => [user.name] })
        one(id: number): number {
          return id;
        }
        // @ts-expect-error its argument is no text
        @memoized({ ttl: 60, tags: (_user: number, id: string) => [id] })
        two(id: number): number {
          return id;
        }
        // @ts-expect-error it has no such property
        @memoized({ ttl: 60, instanceKey: 'tenat' })
        three(id: number): number {
          return id;
        }
        // @ts-expect-error there is no such option
        @memoized({ tll: 60 })
        four(id: number): number {
          return id;
        }
        // @ts-expect-error tags are texts
        @memoized({ ttl: 60, tags: (result: number) => [result] })
        five(id: number): number {
          return id;
        }
      };
    expect(wrong).toBeInstanceOf(Function);
  });

  it('tell decode what encode has made, and want both', () => {
    class Money {
      constructor(
        readonly amount: number,
        readonly currency: string,
      ) {}
    }
    registerClass(Money, {
      encode: (money) => [money.amount, money.currency],
      decode: ([amount, currency]) => new Money(amount, currency),
    });
    registerClass(Money, {
      decode: ([amount, currency]: readonly [number, string]) => new Money(amount, currency),
      encode: (money) => [money.amount, money.currency],
    });
    registerClass(Money, { name: 'Money' });
    const wrong = () => {
      // @ts-expect-error there is no decode
      registerClass(Money, { encode: (money) => [money.amount] });
      // @ts-expect-error there is no encode
      registerClass(Money, { decode: () => new Money(1, 'EUR') });
      // @ts-expect-error it is no text that is stored
      registerClass(Money, { encode: (money) => money.amount, decode: (text: string) => new Money(1, text) });
      // @ts-expect-error it is no text that is stored
      registerClass(Money, { decode: (text: string) => new Money(1, text), encode: (money) => money.amount });
    };
    expect(wrong).toBeInstanceOf(Function);
  });
});
