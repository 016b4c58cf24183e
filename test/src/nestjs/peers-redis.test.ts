import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  ClassSerializerInterceptor,
  Controller,
  Get,
  Injectable,
  NotFoundException,
  Param,
  UseInterceptors,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { type CacheOptions, registerClass } from '@viewcache/core';
import { Cacheable, CacheView } from '@viewcache/nestjs';
import { Exclude } from 'class-transformer';
import { RedisServer } from '../servers/redis.js';
import { closeAfterEach, makeCache, type Reply } from '../support/site.js';
import { until } from '../values/stores.js';
import { closeNestsAfterEach, type MakeAdapter, type NestSite, nests, serveNest } from './nests.js';

/** CacheInterceptor has no limit; a machine with other work may need so long for anything. */
const LIMIT_MS = 20_000;

class User {
  constructor(readonly id: number) {}
  @Exclude() readonly password: string = 'hunter2';
}
class Member extends User {}
// With its password, as the app may want that; only who sends it is to leave it out.
registerClass(Member);

let runs = 0;

@Injectable()
class Users {
  @Cacheable(60) async user(id: number): Promise<User> {
    runs++;
    return new User(id);
  }
  @Cacheable(60) async member(id: number): Promise<Member> {
    runs++;
    return new Member(id);
  }
}

@Controller()
class Pages {
  constructor(private readonly users: Users) {}
  @Get('view/:id') @CacheView(300) view(@Param('id') id: string) {
    runs++;
    return new User(Number(id));
  }
  // Further in than the view, too: what is stored is what was sent.
  @Get('inner/:id') @UseInterceptors(ClassSerializerInterceptor) @CacheView(300) inner(@Param('id') id: string) {
    runs++;
    return new User(Number(id));
  }
  @Get('user/:id') async user(@Param('id') id: string) {
    return await this.users.user(Number(id));
  }
  @Get('member/:id') async member(@Param('id') id: string) {
    return await this.users.member(Number(id));
  }
  @Get('missing') @CacheView(300) missing() {
    throw new NotFoundException();
  }
}

let redis: RedisServer;
beforeAll(async () => {
  redis = await RedisServer.start();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  runs = 0;
  await redis.command('FLUSHALL');
});

const rejections: unknown[] = [];
const note = (reason: unknown): unknown => rejections.push(reason);
beforeEach(() => void process.on('unhandledRejection', note));
afterEach(() => {
  process.off('unhandledRejection', note);
  expect(rejections.splice(0)).toEqual([]);
});

/** For tests that lose nothing: a busy machine may take longer for an exchange than an app would wait. */
const PATIENT = { deadline: '5s' } as const;

/** One process of an app, as far as the store can tell. */
async function start(make: MakeAdapter, settings: CacheOptions = {}): Promise<NestSite> {
  const cache = makeCache({ store: redis.url, ...settings });
  const providers = [Users, { provide: APP_INTERCEPTOR, useClass: ClassSerializerInterceptor }];
  return await serveNest(make, [Pages], { providers, options: { cache } });
}

/** Asks for each in turn; nobody may wait for longer than the limit. */
async function askAll(site: NestSite, ...paths: readonly string[]): Promise<Reply[]> {
  const replies: Reply[] = [];
  for (const path of paths) {
    const begun = performance.now();
    replies.push(await site.get(path, { host: 'shop.example' }));
    expect(performance.now() - begun).toBeLessThan(LIMIT_MS);
  }
  return replies;
}

/** Asks until the store is believed to be there again, or not. */
async function untilStore(site: NestSite, state: 'up' | 'down'): Promise<void> {
  while (site.cache.health().shared?.state !== state) await askAll(site, '/missing');
}

/** All that is stored, as it is there. */
async function stored(): Promise<string[]> {
  const values: string[] = [];
  for (const key of (await redis.command('KEYS', '*')) as string[]) {
    if ((await redis.command('TYPE', key)) === 'string') values.push(String(await redis.command('GET', key)));
  }
  return values;
}

/** Waits until something is stored, which is sent there behind the answer. */
async function untilStored(text: string): Promise<void> {
  await until(async () => (await stored()).some((value) => value.includes(text)));
}

describe.each(nests)('a Redis behind a view, which CacheInterceptor waits for, on %s', (_name, make) => {
  closeNestsAfterEach();
  closeAfterEach();

  it.each(['/view/1', '/inner/1'])('gives back nothing that @Exclude() hides: %s', async (path) => {
    const [one, other] = [await start(make, PATIENT), await start(make, PATIENT)];
    await one.cache.ready();
    const [first] = await askAll(one, path);
    expect(first?.text).toBe('{"id":1}');
    await untilStored('{"id":1}');
    expect((await stored()).join()).not.toContain('hunter2');
    await other.cache.ready();
    // Another process has nothing in its memory: this one is from Redis.
    const [hit] = await askAll(other, path);
    expect([hit?.text, hit?.isHit]).toEqual(['{"id":1}', true]);
    expect(runs).toBe(1);
  });

  it.each([
    ['/user/1', 'which are not stored there', 2],
    ['/member/1', 'which are what they were, where their class is known', 1],
  ])('gives back no bare instances, either, of methods: %s, %s', async (path, _what, handlers) => {
    const [one, other] = [await start(make, PATIENT), await start(make, PATIENT)];
    await Promise.all([one.cache.ready(), other.cache.ready()]);
    const [first] = await askAll(one, path);
    if (handlers === 1) await untilStored('hunter2');
    const replies = [first, ...(await askAll(other, path))];
    expect(replies.map((reply) => reply?.text)).toEqual(['{"id":1}', '{"id":1}']);
    expect(runs).toBe(handlers);
  });

  it('may be down when the app starts', async () => {
    await redis.kill();
    try {
      const site = await start(make);
      const replies = await askAll(site, '/view/1', '/view/2', '/view/3', '/view/1');
      expect(replies.map(({ status, text }) => [status, text])).toEqual(
        [1, 2, 3, 1].map((id) => [200, `{"id":${id}}`]),
      );
      await untilStore(site, 'down');
    } finally {
      await redis.restart();
    }
  });

  it.each<[string, () => unknown, () => unknown]>([
    ['killed', () => redis.kill(), () => redis.restart()],
    ['stopped so that it says nothing more', () => redis.pause(), () => redis.resume()],
  ])('may be %s while the app runs, and is used again when it is back', async (_what, fail, mend) => {
    const site = await start(make);
    await site.cache.ready();
    await askAll(site, '/view/1');
    await fail();
    try {
      const replies = await askAll(site, '/view/2', '/view/3', '/user/4', '/member/5', '/view/1');
      expect(replies.map(({ status, text }) => [status, text])).toEqual(
        [2, 3, 4, 5, 1].map((id) => [200, `{"id":${id}}`]),
      );
      await untilStore(site, 'down');
    } finally {
      await mend();
    }
    await untilStore(site, 'up');
    await askAll(site, '/view/6');
    await untilStored('{"id":6}');
    const other = await start(make, PATIENT);
    await other.cache.ready();
    expect((await askAll(other, '/view/6'))[0]?.isHit).toBe(true);
  });

  it('may refuse what is written, and nobody but an event says so', async () => {
    const site = await start(make);
    await site.cache.ready();
    await redis.command('CONFIG', 'SET', 'maxmemory', '1', 'maxmemory-policy', 'noeviction');
    try {
      const replies = await askAll(site, '/view/1', '/member/1', '/view/2');
      expect(replies.map(({ status, text }) => [status, text])).toEqual([1, 1, 2].map((id) => [200, `{"id":${id}}`]));
      await until(() => (site.cache.health().shared?.failures ?? 0) > 0);
    } finally {
      await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    }
  });
});
