import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ClassSerializerInterceptor, Controller, Get, Injectable, UseInterceptors } from '@nestjs/common';
import { registerClass } from '@viewcache/core';
import { Cacheable, CacheInvalidate, CachePut } from '@viewcache/nestjs';
import { Exclude } from 'class-transformer';
import { lastValueFrom, Observable, of } from 'rxjs';
import { RedisServer } from '../servers/redis.js';
import { until } from '../values/stores.js';
import { closeContextsAfterEach, readyOn, startContext } from './contexts.js';
import { closeNestsAfterEach, nests, serveNest } from './nests.js';

closeContextsAfterEach();
closeNestsAfterEach();

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());

let namespaces = 0;
/** Where two apps find each other, and none of another test. */
const shared = () => ({ store: redis.url, namespace: `methods-${++namespaces}`, deadline: '5s' as const });

class User {
  readonly id: number;
  @Exclude() readonly password: string = 'hunter2';
  constructor(id: number) {
    this.id = id;
  }
}

describe('methods of several processes on Redis', () => {
  it('share results by class and name, and hear of what others invalidate and put', async () => {
    let runs = 0;
    /** As another process would have it: the same code, once more. */
    const make = () => {
      @Injectable()
      class Cities {
        @Cacheable({ ttl: 60, tags: (_: string, id: number) => [`cities#${id}`] })
        find(id: number): Promise<string> {
          return Promise.resolve(`${id} ${++runs}`);
        }
        @CachePut({ method: 'find', args: (_: string, id: number) => [id] })
        async rename(_id: number, name: string): Promise<string> {
          return name;
        }
        @CacheInvalidate({ tags: (_: unknown, id: number) => `cities#${id}`, confirm: 'store' })
        async change(_id: number): Promise<void> {}
      }
      return Cities;
    };
    const own = shared();
    const [Here, There] = [make(), make()];
    const here = await startContext({ own, providers: [Here] });
    const there = await startContext({ own, providers: [There] });
    const [one, other] = [here.app.get(Here), there.app.get(There)];
    expect(await one.find(1)).toBe('1 1');
    await until(() => here.cache.stats().stored === 1);
    expect(await other.find(1)).toBe('1 1');
    await other.change(1);
    // As long as what this process has may lag behind.
    here.clock.stepWallClock(1_100);
    expect(await one.find(1)).toBe('1 2');
    await one.rename(1, 'renamed');
    there.clock.stepWallClock(1_100);
    expect(await other.find(1)).toBe('renamed');
  });

  it('are refused where two classes of one name would have each other’s results', async () => {
    const make = () => {
      @Injectable()
      class Cities {
        @Cacheable(60)
        async find(): Promise<number> {
          return 1;
        }
      }
      return Cities;
    };
    await expect(startContext({ own: shared(), providers: [make(), make()] })).rejects.toThrow(
      "Cities.find: @Cacheable.name: 'Cities.find' is the name of another memoized function",
    );
  });

  it('tell the one that overrides another one from that', async () => {
    @Injectable()
    class Cities {
      @Cacheable(60)
      async find(id: number): Promise<string> {
        return `city ${id}`;
      }
    }
    @Injectable()
    class Capitals extends Cities {
      @Cacheable(60)
      override async find(id: number): Promise<string> {
        return `capital ${id}, ${await super.find(id)}`;
      }
    }
    const { app, cache } = await startContext({ own: shared(), providers: [Cities, Capitals] });
    const ask = async () => [await app.get(Cities).find(1), await app.get(Capitals).find(1)];
    expect(await ask()).toEqual(['city 1', 'capital 1, city 1']);
    await until(() => cache.stats().stored === 3);
    expect(await ask()).toEqual(['city 1', 'capital 1, city 1']);
    expect(Object.keys(cache.stats().routes).sort()).toEqual([
      'Capitals.find',
      'Capitals.super(Cities).find',
      'Cities.find',
    ]);
  });

  it('run when the store has heard of what they invalidate before', async () => {
    const seen: unknown[] = [];
    @Injectable()
    class Cities {
      @CacheInvalidate({ tags: 'cities', before: true })
      async change(): Promise<void> {
        seen.push(events.at(-1));
      }
      @CacheInvalidate({ tags: 'watched', before: true })
      watch(): Observable<number> {
        seen.push(events.at(-1));
        return of(1);
      }
    }
    const { app, events } = await startContext({ own: shared(), providers: [Cities] });
    await app.get(Cities).change();
    await lastValueFrom(app.get(Cities).watch());
    const heard = (tag: string) => ({ type: 'invalidated', tags: [tag], targets: [], mode: 'soft', durable: true });
    expect(seen).toEqual([heard('cities'), heard('watched')]);
    expect(events).toEqual(['cities', 'cities', 'watched', 'watched'].map(heard));
  });

  it('store no instance of a class that nobody has registered, and say so once', async () => {
    @Injectable()
    class Users {
      runs = 0;
      @Cacheable(60)
      async find(id: number): Promise<User> {
        this.runs++;
        return new User(id);
      }
    }
    const { app, warnings } = await startContext({ own: shared(), providers: [Users] });
    const users = app.get(Users);
    for (const id of [1, 1, 2]) expect(await users.find(id)).toEqual(new User(id));
    expect(users.runs).toBe(3);
    expect(warnings()).toEqual([
      expect.stringMatching(/^Users\.find: the value holds an instance of class User, .* registerClass\(User\)/),
    ]);
  });
});

describe.each(nests)('an entity that a method has kept in Redis, on %s', (_name, make) => {
  it('is of its class, and shows nothing that is excluded, the second time as the first', async () => {
    class Account extends User {}
    registerClass(Account, { name: `methods.Account.${++namespaces}` });
    let runs = 0;
    const makeAccounts = () => {
      @Injectable()
      class Accounts {
        @Cacheable(60)
        async find(id: number): Promise<Account> {
          runs++;
          return new Account(id);
        }
      }
      return Accounts;
    };
    const options = shared();
    const site = async () => {
      const Accounts = makeAccounts();
      @Controller('accounts')
      @UseInterceptors(ClassSerializerInterceptor)
      class AccountsController {
        constructor(private readonly accounts: InstanceType<typeof Accounts>) {}
        @Get()
        find() {
          return this.accounts.find(7);
        }
      }
      Reflect.defineMetadata('design:paramtypes', [Accounts], AccountsController);
      const served = await serveNest(make, [AccountsController], { options, providers: [Accounts] });
      await readyOn(served.cache, served.clock);
      return served;
    };
    const [here, there] = [await site(), await site()];
    const first = await here.get('/accounts');
    await until(() => here.cache.stats().stored === 1);
    const others = [await here.get('/accounts'), await there.get('/accounts')];
    expect([first, ...others].map(({ text }) => text)).toEqual(Array(3).fill('{"id":7}'));
    expect(runs).toBe(1);
  });
});
