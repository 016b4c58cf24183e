import { describe, expect, it } from '@jest/globals';
import { ConfigError, memoized, memoOf, registerClass } from '@viewcache/core';
import { freshCache } from '@viewcache/core/testing';
import { openMemory, openOn, servers } from './stores.js';

const open = async () => (await openMemory({ ttl: 60 })).cache;

describe('a method under @memoized()', () => {
  it('has results for each instance, which are invalidated by instance, by arguments, or all', async () => {
    const cache = await open();
    class Adder {
      runs = 0;
      constructor(readonly base: number) {}
      @memoized({ cache })
      add(n: number): number {
        this.runs++;
        return this.base + n;
      }
    }
    const [one, other] = [new Adder(1), new Adder(100)];
    const ask = () => {
      one.runs = 0;
      other.runs = 0;
      const sums = [one, other].flatMap((adder) => [adder.add(1), adder.add(2)]);
      expect(sums).toEqual([2, 3, 101, 102]);
      return [one.runs, other.runs];
    };
    expect([ask(), ask()]).toEqual([
      [2, 2],
      [0, 0],
    ]);
    await memoOf(one.add).of(one).invalidate(1);
    expect(ask()).toEqual([1, 0]);
    await memoOf(one.add).of(other).cacheClear();
    expect(ask()).toEqual([0, 2]);
    await memoOf(one.add).invalidate(2);
    expect(ask()).toEqual([1, 1]);
    await memoOf(one.add).cacheClear();
    expect(ask()).toEqual([2, 2]);
  });

  it('shares results only where it is told to', async () => {
    const cache = await open();
    let runs = 0;
    class Rates {
      @memoized({ cache, instances: 'shared' })
      rate(_currency: string): number {
        return ++runs;
      }
    }
    expect([new Rates().rate('EUR'), new Rates().rate('EUR')]).toEqual([1, 1]);
  });

  it('knows instances by a key, and never one class by another', async () => {
    const cache = await open();
    class Base {
      constructor(readonly id: number) {}
      protected kind(): string {
        return 'base';
      }
      @memoized({ cache, instanceKey: 'id' })
      name(): string {
        return `${this.kind()} ${this.id}`;
      }
    }
    class Derived extends Base {
      protected override kind(): string {
        return 'derived';
      }
    }
    expect([new Base(1), new Base(2), new Derived(1), new Base(1)].map((it) => it.name())).toEqual([
      'base 1',
      'base 2',
      'derived 1',
      'base 1',
    ]);
    expect(memoOf(Base.prototype.name).cacheInfo()).toMatchObject({ hits: 1, misses: 3 });
  });

  it('tells classes of one name apart that have a method from the same one', async () => {
    const cache = await open();
    class Base {
      readonly id: number = 1;
      @memoized({ cache, instanceKey: 'id' })
      name(): string {
        return (this.constructor as unknown as { title: string }).title;
      }
      @memoized({ cache, instanceKey: (it: unknown) => (it as { title: string }).title.length })
      static shown(): string {
        return (this as unknown as { title: string }).title;
      }
    }
    const made = (title: string) => {
      class Model extends Base {
        static readonly title = title;
      }
      return Model;
    };
    const [A, B] = [made('A'), made('B')];
    expect([new A().name(), new B().name(), new A().name()]).toEqual(['A', 'B', 'A']);
    expect([A.shown(), B.shown(), A.shown()]).toEqual(['A', 'B', 'A']);
    expect(memoOf(Base.prototype.name).cacheInfo()).toMatchObject({ hits: 1, misses: 2 });
  });

  it('is apart from the one that it overrides, and calls it', async () => {
    const cache = await open();
    class Base {
      @memoized({ cache })
      list(n: number): number[] {
        return [n];
      }
    }
    class Derived extends Base {
      @memoized({ cache })
      override list(n: number): number[] {
        return [...super.list(n), n + 1];
      }
    }
    const derived = new Derived();
    expect([derived.list(1), derived.list(1), new Base().list(1)]).toEqual([[1, 2], [1, 2], [1]]);
  });

  it('may be private, or of the class itself', async () => {
    const cache = await open();
    let runs = 0;
    class Users {
      @memoized({ cache })
      async #load(id: number): Promise<number> {
        runs++;
        return id;
      }
      load(id: number): Promise<number> {
        return this.#load(id);
      }
      @memoized({ cache })
      static count(): number {
        return ++runs;
      }
    }
    const users = new Users();
    expect([await users.load(1), await users.load(1), Users.count(), Users.count()]).toEqual([1, 1, 2, 2]);
  });

  it('uses the cache of the process, as it is when it is called', async () => {
    class Clock {
      ticks = 0;
      @memoized(60)
      tick(): number {
        return ++this.ticks;
      }
    }
    const clock = new Clock();
    const first = freshCache();
    expect([clock.tick(), clock.tick()]).toEqual([1, 1]);
    const second = freshCache();
    expect(clock.tick()).toBe(2);
    await second.end();
    await first.end();
  });

  it('is refused with wrong options, and where decorators are those of old', () => {
    expect(() => memoized({ cache: {} } as never)).toThrow('memoized.cache');
    expect(() => memoized({ cach: {} } as never)).toThrow(/\bcache\b/);
    const decorate = memoized(60) as unknown as (...given: unknown[]) => unknown;
    expect(() => decorate({}, 'name', {})).toThrow(ConfigError);
    expect(() => decorate(undefined, { kind: 'field', name: 'find' })).toThrow(
      "memoized: 'field find' is no method; use it on methods, or a field that is memoized itself: find = memoize(…)",
    );
    expect(() => decorate(() => 1, { kind: 'getter', name: 'size' })).toThrow(
      "memoized: 'getter size' is no method; use it on",
    );
    expect(() => decorate(() => 1)).toThrow('memoized: undefined is no method');
  });
});

describe('a method under @memoized() with a shared store', () => {
  it('is found by other processes, by its class and its key', async () => {
    const { cache, other, stored } = await openOn(servers.redis.url, { ttl: 60 });
    const second = await other();
    let runs = 0;
    const make = (from: typeof cache) => {
      class Users {
        constructor(readonly tenant: string) {}
        @memoized({ cache: from, instanceKey: 'tenant' })
        async find(id: number): Promise<string> {
          runs++;
          return `${this.tenant} ${id}`;
        }
      }
      return Users;
    };
    const [Here, There] = [make(cache), make(second)];
    expect(await new Here('a').find(1)).toBe('a 1');
    await stored(1);
    expect([await new There('a').find(1), await new There('b').find(1), runs]).toEqual(['a 1', 'b 1', 2]);
  });

  it('is passed on for a second class of one name, until each is registered under its own', async () => {
    const { cache, stored, warnings } = await openOn(servers.redis.url, { ttl: 60 });
    let runs = 0;
    class Base {
      readonly id: number = 1;
      @memoized({ cache, instanceKey: 'id' })
      async name(): Promise<string> {
        return `${(this.constructor as unknown as { title: string }).title} ${++runs}`;
      }
    }
    const made = (title: string) => {
      class Model extends Base {
        static readonly title = title;
      }
      return Model;
    };
    const [A, B] = [made('A'), made('B')];
    expect(await new A().name()).toBe('A 1');
    await stored(1);
    expect([await new B().name(), await new A().name(), await new B().name()]).toEqual(['B 2', 'A 1', 'B 3']);
    expect(warnings()).toEqual([expect.stringContaining('this is of a second class named Model')]);
    registerClass(B, { name: 'methods.B' });
    expect(await new B().name()).toBe('B 4');
    await stored(2);
    expect([await new B().name(), await new A().name()]).toEqual(['B 4', 'A 1']);
  });

  it('is passed on where nobody else could know the instance', async () => {
    const { cache, warnings } = await openOn(servers.redis.url, { ttl: 60 });
    let runs = 0;
    class Users {
      @memoized({ cache })
      async find(_id: number): Promise<number> {
        return ++runs;
      }
    }
    const users = new Users();
    expect([await users.find(1), await users.find(1)]).toEqual([1, 2]);
    expect(warnings()).toEqual([expect.stringContaining('Users.find was called with what cannot be part of a key')]);
  });

  it.each([undefined, null, 'shops', {}, Promise.resolve({})])(
    'is refused at a call where cache returns %p',
    (given) => {
      class Shop {
        @memoized({ ttl: 60, cache: (() => given) as never })
        offer(id: number): number {
          return id;
        }
      }
      expect(() => new Shop().offer(1)).toThrow(/^memoized\.cache: .* a function that returns a cache/);
    },
  );
});
