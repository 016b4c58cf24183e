import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Cacheable, type CacheableOptions, CachePut, type CachePutOptions } from '@viewcache/nestjs';
import { EMPTY, lastValueFrom, Observable, of, toArray } from 'rxjs';
import { gate } from '../support/gate.js';
import { closeContextsAfterEach, startContext } from './contexts.js';

closeContextsAfterEach();

interface User {
  readonly id: number;
  readonly name: string;
}

/** Users that are found and saved, the latter under the options of a test. */
function usersWith(put: Partial<CachePutOptions> = {}, cached: CacheableOptions = {}) {
  @Injectable()
  class Users {
    finds = 0;
    saves = 0;
    @Cacheable({ ttl: 60, tags: (user: User) => [`users#${user.id}`], ...(cached as object) })
    async find(id: number): Promise<User> {
      return { id, name: `found ${++this.finds}` };
    }
    @CachePut({ method: 'find', args: (user: User) => [user.id], ...(put as object) })
    async save(user: User): Promise<User> {
      this.saves++;
      return await this.write(user);
    }
    async write(user: User): Promise<User> {
      return user;
    }
  }
  return Users;
}

describe('a method under @CachePut()', () => {
  it('always runs, and what it returns is what the other method would return', async () => {
    const Users = usersWith();
    const { app, cache, clock } = await startContext({ providers: [Users] });
    const users = app.get(Users);
    expect(await users.find(7)).toEqual({ id: 7, name: 'found 1' });
    for (const name of ['saved', 'saved again']) {
      const saved = await users.save({ id: 7, name });
      expect([saved, await users.find(7)]).toEqual([
        { id: 7, name },
        { id: 7, name },
      ]);
      expect(await users.find(7)).not.toBe(saved);
    }
    expect([users.finds, users.saves]).toEqual([1, 2]);
    await cache.invalidate({ tags: 'users#7' });
    expect(await users.find(7)).toEqual({ id: 7, name: 'found 2' });
    await users.save({ id: 7, name: 'saved' });
    await clock.advanceAsync(60_001);
    expect(await users.find(7)).toEqual({ id: 7, name: 'found 3' });
  });

  it('takes its own arguments for those of the other one, unless it says otherwise', async () => {
    @Injectable()
    class Users {
      @Cacheable(60)
      async find(id: number): Promise<string> {
        return `found ${id}`;
      }
      @CachePut({ method: 'find' })
      async load(id: number): Promise<string> {
        return `loaded ${id}`;
      }
    }
    const { app } = await startContext({ providers: [Users] });
    await app.get(Users).load(7);
    expect([await app.get(Users).find(7), await app.get(Users).find(8)]).toEqual(['loaded 7', 'found 8']);
  });

  it('stores nothing of what was overtaken by an invalidation or another one, and ends what was stored', async () => {
    const Users = usersWith();
    const { app, cache } = await startContext({ providers: [Users] });
    const users = app.get(Users);
    await users.find(7);
    const written = gate();
    users.write = async (user) => {
      await written.passed;
      return user;
    };
    const saving = users.save({ id: 7, name: 'slow' });
    await cache.token();
    await cache.invalidate({ tags: 'users#7' });
    written.open();
    expect(await saving).toEqual({ id: 7, name: 'slow' });
    expect(await users.find(7)).toEqual({ id: 7, name: 'found 2' });
    const slow = gate();
    users.write = async (user) => {
      if (user.name === 'slow') await slow.passed;
      return user;
    };
    const both = [users.save({ id: 7, name: 'slow' }), users.save({ id: 7, name: 'fast' })];
    await both[1];
    slow.open();
    await both[0];
    expect((await users.find(7)).name).not.toBe('slow');
  });

  it('stores nothing where it fails, or when says no; and ends what is stored where storeIf does', async () => {
    const Users = usersWith({
      when: (user: User) => user.name !== 'unwanted',
      storeIf: (user: User, given: User) => user.name !== 'partial' && given.id > 0,
    });
    const { app } = await startContext({ providers: [Users] });
    const users = app.get(Users);
    expect((await users.find(7)).name).toBe('found 1');
    await users.save({ id: 7, name: 'unwanted' });
    expect((await users.find(7)).name).toBe('found 1');
    const error = new RangeError('down');
    users.write = async () => {
      throw error;
    };
    await expect(users.save({ id: 7, name: 'saved' })).rejects.toBe(error);
    expect((await users.find(7)).name).toBe('found 1');
    users.write = async (user) => user;
    await users.save({ id: 7, name: 'partial' });
    expect((await users.find(7)).name).toBe('found 2');
  });

  it.each<[string, () => unknown, string]>([
    [
      'throws',
      () => {
        throw new Error('no id');
      },
      'args threw Error: no id',
    ],
    ['returns no list', () => 7, 'args returned no list'],
    ['returns nothing', () => undefined, 'args returned undefined'],
    ['returns what can be no argument', () => [() => {}], 'stored nothing, and ended all results: find.arguments'],
  ])('fails no call where args %s, and leaves nothing older', async (_what, args, warning) => {
    const Users = usersWith({ args: args as () => readonly unknown[] }, { name: 'find' });
    const { app, warnings } = await startContext({ providers: [Users] });
    const users = app.get(Users);
    await users.find(7);
    expect(await users.save({ id: 7, name: 'saved' })).toEqual({ id: 7, name: 'saved' });
    expect(warnings()).toEqual([expect.stringContaining(warning)]);
    expect((await users.find(7)).name).toBe('found 2');
  });

  it('ends what is stored, and stores nothing, where when does not answer', async () => {
    const Users = usersWith({ when: (async () => true) as never });
    const { app, warnings } = await startContext({ providers: [Users] });
    const users = app.get(Users);
    await users.find(7);
    expect(await users.save({ id: 7, name: 'saved' })).toEqual({ id: 7, name: 'saved' });
    expect((await users.find(7)).name).toBe('found 2');
    expect(warnings()).toEqual([expect.stringContaining('Users.save: @CachePut.when returned a promise, and nothing')]);
  });

  it('is about each instance, where these have results of their own', async () => {
    const Users = usersWith({}, { instances: 'apart' });
    const { app } = await startContext({
      providers: ['one', 'other'].map((provide) => ({ provide, useFactory: () => new Users() })),
    });
    const [one, other] = ['one', 'other'].map((name) => app.get<InstanceType<typeof Users>>(name));
    await one?.save({ id: 7, name: 'saved' });
    expect([await one?.find(7), await other?.find(7)]).toEqual([
      { id: 7, name: 'saved' },
      { id: 7, name: 'found 1' },
    ]);
  });

  it('may replace a result of another class', async () => {
    const Users = usersWith();
    @Injectable()
    class Registration {
      @CachePut({ of: Users, method: 'find', args: (user: User) => [user.id] })
      async register(name: string): Promise<User> {
        return { id: 7, name };
      }
    }
    const { app } = await startContext({ providers: [Registration, Users] });
    await app.get(Registration).register('new');
    expect(await app.get(Users).find(7)).toEqual({ id: 7, name: 'new' });
  });

  it('goes by the last value of an Observable, and by what a method without a noted type has returned before', async () => {
    @Injectable()
    class Users {
      finds = 0;
      @Cacheable({ ttl: 60, tags: (name: string) => (name === 'b' ? ['b'] : []) })
      watch(): Observable<string> {
        return of('watched', `found ${++this.finds}`);
      }
      @CachePut({ method: 'watch', args: () => [] })
      saveAll(...names: string[]): Observable<string> {
        return names.length === 0 ? EMPTY : of(...names);
      }
      @CachePut({ method: 'watch', args: () => [] })
      save(name: string) {
        return Promise.resolve(name);
      }
    }
    const { app, cache } = await startContext({ providers: [Users] });
    const users = app.get(Users);
    const watch = () => lastValueFrom(users.watch());
    expect(await watch()).toBe('found 1');
    expect(await lastValueFrom(users.saveAll('a', 'b').pipe(toArray()))).toEqual(['b']);
    expect(await watch()).toBe('b');
    await cache.invalidate({ tags: 'b' });
    expect(await watch()).toBe('found 2');
    expect(await lastValueFrom(users.saveAll().pipe(toArray()))).toEqual([]);
    expect(await watch()).toBe('found 3');
    expect([await users.save('first'), await watch()]).toEqual(['first', 'found 4']);
    expect([await users.save('second'), await watch()]).toEqual(['second', 'second']);
  });

  it.each<[string, string, object]>([
    ['without a method', 'Users.save: @CachePut.method', { method: undefined }],
    ['with a method that is not cached', 'Users.save: @CachePut.method', { method: 'write' }],
    ['with a class that there is not', 'Users.save: @CachePut.of', { of: undefined }],
    ['with a class that the app has not', 'Users.save: @CachePut.of', { of: Map }],
    ['with args that are none', 'Users.save: @CachePut.args', { args: [7] }],
    ['with a when that is none', 'Users.save: @CachePut.when', { when: true }],
    ['with a storeIf that is none', 'Users.save: @CachePut.storeIf', { storeIf: true }],
    ['with an option that nobody knows', 'Users.save: @CachePut.ttl', { ttl: 60 }],
  ])('is refused %s', async (_what, setting, options) => {
    await expect(startContext({ providers: [usersWith(options)] })).rejects.toMatchObject({
      code: 'ERR_CACHE_CONFIG',
      setting,
    });
  });

  it('is refused where it cannot do what it says', async () => {
    @Injectable()
    class Plain {
      @Cacheable(60)
      async find(): Promise<number> {
        return 1;
      }
      @CachePut({ method: 'find' })
      save(): number {
        return 1;
      }
    }
    @Injectable()
    class Stream {
      @Cacheable(60)
      async *find() {
        yield 1;
      }
      @CachePut({ method: 'find' })
      async save(): Promise<number> {
        return 1;
      }
    }
    @Injectable()
    class Both {
      @Cacheable(60)
      @CachePut({ method: 'find' })
      async find(): Promise<number> {
        return 1;
      }
    }
    const Apart = usersWith({}, { instances: 'apart' });
    @Injectable()
    class Other {
      @CachePut({ of: Apart, method: 'find' })
      async save(): Promise<number> {
        return 1;
      }
    }
    await expect(startContext({ providers: [Plain] })).rejects.toThrow("Plain.save: @CachePut: 'Number' is what it");
    await expect(startContext({ providers: [Stream] })).rejects.toThrow('Stream.save: @CachePut.method');
    await expect(startContext({ providers: [Both] })).rejects.toThrow("Both.find: @Cacheable: '@CachePut' is on the");
    await expect(startContext({ providers: [Apart, Other] })).rejects.toThrow('Other.save: @CachePut.of');
  });
});
