import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { Controller, Injectable, Module } from '@nestjs/common';
import { CqrsModule, EventBus } from '@nestjs/cqrs';
import { EventEmitter2, EventEmitterModule } from '@nestjs/event-emitter';
import { Cacheable, getCacheToken, InvalidateOn, type ViewCache } from '@viewcache/nestjs';
import { closeContextsAfterEach, startContext } from './contexts.js';

closeContextsAfterEach();

class UserRenamed {
  constructor(readonly id: number) {}
}
class UserMarried extends UserRenamed {}
class UserRemoved {
  constructor(readonly id: number) {}
}

const named = EventEmitterModule.forRoot({ wildcard: true });
const classes = CqrsModule.forRoot();

describe('@InvalidateOn()', () => {
  it('invalidates by the events of an emitter, before emit returns, on any class', async () => {
    @InvalidateOn('user.renamed', (id: number, country: string) => [`users#${id}`, `in#${country}`])
    @Injectable()
    class Users {}
    @InvalidateOn('city.*', () => 'cities')
    @Controller()
    class Cities {}
    @InvalidateOn('site.moved', () => ({ path: '/*' }))
    @Module({})
    class SiteModule {}
    const { app, events } = await startContext({
      imports: [named, SiteModule],
      providers: [Users],
      controllers: [Cities],
    });
    const emitter = app.get(EventEmitter2);
    const told: unknown[] = [];
    const emit = (event: string, ...args: unknown[]) => {
      emitter.emit(event, ...args);
      for (const each of events.splice(0)) if (each.type === 'invalidated') told.push([...each.tags, ...each.targets]);
    };
    emit('user.renamed', 7, 'it');
    emit('city.built');
    emit('city.razed');
    emit('site.moved');
    emit('user.removed', 7);
    expect(told).toEqual([['users#7', 'in#it'], ['cities'], ['cities'], [expect.stringContaining('path')]]);
  });

  it('invalidates by the classes of events that a bus publishes', async () => {
    @InvalidateOn(UserRenamed, (event) => `users#${event.id}`)
    @InvalidateOn(UserRemoved, ({ id }) => [`users#${id}`, 'users'])
    @Injectable()
    class Users {}
    const { app, events } = await startContext({ imports: [classes], providers: [Users] });
    const bus = app.get(EventBus);
    bus.publish(new UserMarried(1));
    bus.publish(new UserRemoved(2));
    bus.publish({ id: 3 });
    expect(events.flatMap((event) => (event.type === 'invalidated' ? [event.tags] : []))).toEqual([
      ['users#1'],
      ['users#2', 'users'],
    ]);
  });

  it('ends the results of the method that it stands on, in the cache of that', async () => {
    @Cacheable({ cache: 'pages', ttl: 60 })
    @Injectable()
    class Cities {
      runs = 0;
      @InvalidateOn('cities.changed')
      @Cacheable()
      async list(): Promise<number> {
        return ++this.runs;
      }
      @InvalidateOn(UserRenamed, ({ id }) => [`users#${id}`])
      @Cacheable({ tags: (_: number, id: number) => [`users#${id}`] })
      async mayors(_id: number): Promise<number> {
        return ++this.runs;
      }
    }
    @Injectable()
    class Capitals extends Cities {}
    const { app, events } = await startContext({
      imports: [named, classes],
      providers: [Cities, Capitals],
      options: { caches: { pages: {} } },
    });
    const ask = async () => {
      const [cities, capitals] = [app.get(Cities), app.get(Capitals)];
      return [await cities.list(), await capitals.list(), await cities.mayors(7), await cities.mayors(8)];
    };
    expect([await ask(), await ask()]).toEqual([
      [1, 1, 2, 3],
      [1, 1, 2, 3],
    ]);
    app.get(EventEmitter2).emit('cities.changed');
    expect(await ask()).toEqual([4, 2, 2, 3]);
    const pages: ViewCache = app.get(getCacheToken('pages'));
    pages.on((event) => events.push(event));
    app.get(EventBus).publish(new UserRenamed(7));
    // Once, of however many classes: they have it from one.
    expect(events).toHaveLength(1);
    expect(await ask()).toEqual([4, 2, 5, 3]);
  });

  it('warns of what a function throws, and lets nobody who tells an event know', async () => {
    @InvalidateOn('user.renamed', () => {
      throw new Error('no user');
    })
    @InvalidateOn(UserRenamed, (() => undefined) as never)
    @InvalidateOn(Symbol.for('user'), (() => Promise.reject(new Error('late'))) as never)
    @Injectable()
    class Users {}
    // One with wildcards knows no symbols.
    const { app, warnings } = await startContext({
      imports: [EventEmitterModule.forRoot(), classes],
      providers: [Users],
    });
    const heard: unknown[] = [];
    app.get(EventEmitter2).on('user.renamed', (id) => heard.push(id));
    expect(() => app.get(EventEmitter2).emit('user.renamed', 7)).not.toThrow();
    app.get(EventEmitter2).emit(Symbol.for('user'));
    app.get(EventBus).publish(new UserRenamed(8));
    expect(heard).toEqual([7]);
    expect(warnings()).toEqual([
      "invalidateOn('user.renamed, for Users') invalidated nothing: no user",
      expect.stringContaining("invalidateOn('Symbol(user), for Users') invalidated nothing"),
      expect.stringContaining("invalidateOn('UserRenamed, for Users') invalidated nothing"),
    ]);
  });

  it('hears what happens in the hooks of the app, and nothing after it has closed', async () => {
    @InvalidateOn('started', () => 'started')
    @InvalidateOn(UserRenamed, () => 'renamed')
    @Injectable()
    class Jobs {
      constructor(
        readonly emitter: EventEmitter2,
        readonly bus: EventBus,
      ) {}
      onModuleInit() {
        this.emitter.emit('started');
      }
      onModuleDestroy() {
        this.emitter.emit('started');
      }
    }
    const { app, events } = await startContext({ imports: [named, classes], providers: [Jobs] });
    const { emitter, bus } = app.get(Jobs);
    await app.close();
    emitter.emit('started');
    bus.publish(new UserRenamed(7));
    expect(events.flatMap((event) => (event.type === 'invalidated' ? [event.tags] : []))).toEqual([
      ['started'],
      ['started'],
    ]);
  });

  it.each<[string, string, ClassDecorator & MethodDecorator]>([
    ['without a target on a class', 'Users: @InvalidateOn.target', InvalidateOn('user.renamed')],
    ['with a target that is none', 'Users: @InvalidateOn.target', InvalidateOn('user.renamed', ['users'] as never)],
    ['with an event that is none', 'Users: @InvalidateOn.event', InvalidateOn(7 as never, () => 'users')],
    ['with a cache that there is not', 'Users: @InvalidateOn.cache', InvalidateOn('a', () => 'b', { cache: 'pagse' })],
    [
      'with an option that nobody knows',
      'Users: @InvalidateOn.hold',
      InvalidateOn('a', () => 'b', { hold: 1 } as never),
    ],
  ])('is refused when the app starts, %s', async (_what, setting, decorate) => {
    @decorate
    @Injectable()
    class Users {}
    await expect(startContext({ imports: [named], providers: [Users] })).rejects.toMatchObject({
      code: 'ERR_CACHE_CONFIG',
      setting,
    });
  });

  it('is refused on a method that is not cached, without a target', async () => {
    @Injectable()
    class Users {
      @InvalidateOn('user.renamed')
      async list(): Promise<void> {}
    }
    await expect(startContext({ imports: [named], providers: [Users] })).rejects.toThrow(
      'Users.list: @InvalidateOn.target',
    );
  });

  it('is refused where nobody in the app tells of events', async () => {
    @InvalidateOn('user.renamed', () => 'users')
    @Injectable()
    class ByName {}
    @InvalidateOn(UserRenamed, () => 'users')
    @Injectable()
    class ByClass {}
    await expect(startContext({ providers: [ByName] })).rejects.toThrow(
      "ByName: @InvalidateOn.event: 'EventEmitter2' is provided by no module; use it in an app that imports EventEmitterModule.forRoot()",
    );
    await expect(startContext({ providers: [ByClass] })).rejects.toThrow('an app that imports CqrsModule');
  });

  it.each([
    ['event-emitter', '@nestjs/event-emitter'],
    ['cqrs', '@nestjs/cqrs'],
    ['none', undefined],
  ])('says what to install where a package is missing (%s)', (which, missing) => {
    const script = fileURLToPath(new URL('without-peers.js', import.meta.url));
    // Elsewhere: what an app has installed is looked for where it runs.
    const { stdout, stderr, status } = spawnSync(process.execPath, [script, which], {
      cwd: tmpdir(),
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect([stdout.trim(), status]).toEqual([
      missing === undefined
        ? 'started'
        : `Users: @InvalidateOn.event: '${missing}' is not installed; use npm install ${missing}`,
      0,
    ]);
  });
});
