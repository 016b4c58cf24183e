import { describe, expect, it } from '@jest/globals';
import {
  type CanActivate,
  ClassSerializerInterceptor,
  Controller,
  Get,
  Headers,
  Injectable,
  Param,
  Post,
  Res,
  StreamableFile,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import * as compat from '@viewcache/nestjs/compat';
import { Exclude } from 'class-transformer';
import { Keyv } from 'keyv';
import { countdown, gate } from '../support/gate.js';
import { closeCompatAfterEach, packages, serveCompat } from './compat-packages.js';
import { nests } from './nests.js';

/** What of a response both adapters have. */
interface AnyResponse {
  status(code: number): AnyResponse;
  header(name: string, value: string): AnyResponse;
}

class User {
  constructor(readonly id: number) {}
  @Exclude() readonly password: string = 'hunter2';
}

/** A shared store, as far as it goes: what is in it has been JSON. */
class Rows {
  readonly #rows = new Map<string, string>();
  get(key: string) {
    return this.#rows.get(key);
  }
  set(key: string, value: string) {
    this.#rows.set(key, value);
    return true;
  }
  delete(key: string) {
    return this.#rows.delete(key);
  }
  clear() {
    this.#rows.clear();
  }
}

const CROWD = 20;
const both = packages.flatMap(([name, of, isOurs]) =>
  nests.map(([nest, make]) => [name, nest, of, make, isOurs] as const),
);

// Each line says what the one package does, and what the other.
describe.each(both)('other than the official one: %s on %s', (_name, _nest, of, make, isOurs) => {
  const { CacheInterceptor, CacheKey, CacheModule } = of;
  closeCompatAfterEach();
  let runs = 0;

  @Controller()
  @UseInterceptors(CacheInterceptor)
  class Pages {
    @Post('item') @CacheKey('post') post() {
      return { run: ++runs };
    }
    @Get('k/:id') @CacheKey('item') one(@Param('id') id: string) {
      return { id, run: ++runs };
    }
    @Get('me') me(@Headers('authorization') user: string) {
      return { user };
    }
    @Get('host') host(@Headers('host') host: string) {
      return { host };
    }
    @Get('status') status(@Res({ passthrough: true }) res: AnyResponse) {
      runs++;
      res.header('x-dyn', 'made').header('content-type', 'text/csv; charset=utf-8');
      return 'a,b';
    }
    @Get('file') file() {
      runs++;
      return new StreamableFile(Buffer.from('whole'), { type: 'text/x-file' });
    }
    @Get('stream') stream() {
      runs++;
      return new Response('in pieces').body;
    }
    @Get('private') private(@Res({ passthrough: true }) res: AnyResponse) {
      res.header('cache-control', 'private, no-store');
      return { run: ++runs };
    }
    @Get('user') user() {
      runs++;
      return new User(1);
    }
    @Get('page') page() {
      return { run: ++runs };
    }
  }
  const serve = async (options: compat.CacheModuleOptions = {}, providers: object[] = []) => {
    runs = 0;
    return await serveCompat(make, CacheModule.register(options), [Pages], { providers: providers as [] });
  };

  it(`a POST under @CacheKey() is ${isOurs ? 'never cached' : 'cached'}`, async () => {
    const site = await serve();
    await site.ask('/item', { method: 'POST' });
    expect((await site.ask('/item', { method: 'POST' })).text).toBe(`{"run":${isOurs ? 2 : 1}}`);
  });

  it(`two URLs under one @CacheKey() ${isOurs ? 'have an answer each, and one del() for both' : 'share an answer'}`, async () => {
    const site = await serve();
    await site.get('/k/1');
    expect(JSON.parse((await site.get('/k/2')).text).id).toBe(isOurs ? '2' : '1');
    await site.manager.del('item');
    for (const path of ['/k/1', '/k/2']) await site.get(path);
    expect(runs).toBe(isOurs ? 4 : 2);
  });

  it(`what is made for one who says who he is ${isOurs ? 'is his' : 'is everybody’s'}`, async () => {
    const site = await serve();
    await site.get('/me', { authorization: 'ann' });
    expect((await site.get('/me', { authorization: 'bob' })).text).toBe(`{"user":"${isOurs ? 'bob' : 'ann'}"}`);
    await site.get('/host', { host: 'a.example' });
    expect((await site.get('/host', { host: 'b.example' })).text).toBe(`{"host":"${isOurs ? 'b' : 'a'}.example"}`);
  });

  it(`header fields that a handler has set ${isOurs ? 'come back' : 'are lost'} on a hit`, async () => {
    const site = await serve();
    await site.get('/status');
    const { headers, text } = await site.get('/status');
    expect([text, headers['x-dyn'], /csv/.test(String(headers['content-type']))]).toEqual(
      isOurs ? ['a,b', 'made', true] : ['a,b', undefined, false],
    );
    expect(runs).toBe(1);
  });

  it(`a StreamableFile is ${isOurs ? '' : 'not '}cached, and a stream is ${isOurs ? 'sent whole' : 'an error'} the second time`, async () => {
    const site = await serve();
    for (let asked = 0; asked < 2; asked++) {
      const { text, headers } = await site.get('/file');
      expect([text, headers['content-type']]).toEqual(['whole', 'text/x-file']);
    }
    expect(runs).toBe(isOurs ? 1 : 2);
    await site.get('/stream');
    expect((await site.get('/stream')).status).toBe(isOurs ? 200 : 500);
  });

  it(`Cache-Control of a handler is ${isOurs ? 'obeyed' : 'passed over'}`, async () => {
    const site = await serve();
    await site.get('/private');
    expect((await site.get('/private')).text).toBe(`{"run":${isOurs ? 2 : 1}}`);
  });

  it(`a field under @Exclude() ${isOurs ? 'stays hidden' : 'comes out'} behind a shared store`, async () => {
    const stores = new Keyv({ store: new Rows() });
    const site = await serve({ stores }, [{ provide: APP_INTERCEPTOR, useClass: ClassSerializerInterceptor }]);
    const texts = [];
    for (let asked = 0; asked < 2; asked++) texts.push((await site.get('/user')).text);
    expect(texts).toEqual(['{"id":1}', isOurs ? '{"id":1}' : '{"id":1,"password":"hunter2"}']);
  });

  it(`twenty who ask at once are ${isOurs ? 'one run' : 'twenty runs'} of the handler`, async () => {
    const all = countdown(CROWD);
    let calls = 0;
    @Injectable()
    class Counting implements CanActivate {
      canActivate(): boolean {
        all.count();
        return true;
      }
    }
    @Controller()
    class Slow {
      @Get() @UseGuards(Counting) @UseInterceptors(CacheInterceptor) async page() {
        calls++;
        await all.passed;
        return { done: true };
      }
    }
    const site = await serveCompat(make, CacheModule.register(), [Slow]);
    await Promise.all(Array.from({ length: CROWD }, () => site.get('/')));
    expect(calls).toBe(isOurs ? 1 : CROWD);
  });

  it(`a del() while the handler runs ${isOurs ? 'wins' : 'is lost'}`, async () => {
    const [begun, done] = [gate(), gate()];
    @Controller()
    class Slow {
      @Get() @UseInterceptors(CacheInterceptor) async page() {
        runs++;
        begun.open();
        await done.passed;
        return { done: true };
      }
    }
    runs = 0;
    const site = await serveCompat(make, CacheModule.register(), [Slow]);
    const first = site.get('/');
    await begun.passed;
    await site.manager.del('/');
    done.open();
    await first;
    await site.get('/');
    expect(runs).toBe(isOurs ? 2 : 1);
  });

  it(`get() of the manager finds ${isOurs ? 'no' : 'the'} answer of a route, and hits are told by ${isOurs ? 'Cache-Status' : 'X-Cache'}`, async () => {
    const site = await serve();
    await site.get('/page');
    expect(await site.manager.get('/page')).toEqual(isOurs ? undefined : { run: 1 });
    const { headers, isHit } = await site.get('/page');
    expect([headers['x-cache'], isHit]).toEqual(isOurs ? [undefined, true] : ['HIT', false]);
  });

  it(`a HEAD is answered by ${isOurs ? 'what a GET has stored' : 'the handler'}`, async () => {
    const site = await serve();
    await site.get('/page');
    await site.ask('/page', { method: 'HEAD' });
    expect(runs).toBe(isOurs ? 1 : 2);
  });

  it(`a successful PUT, POST or DELETE ${isOurs ? 'makes the stored answer of its URL be gone' : 'changes nothing'}`, async () => {
    @Controller('cats')
    @UseInterceptors(CacheInterceptor)
    class Cats {
      @Get() list() {
        return { run: ++runs };
      }
      @Post() make() {
        return 'made';
      }
    }
    runs = 0;
    const site = await serveCompat(make, CacheModule.register(), [Cats]);
    await site.get('/cats');
    await site.ask('/cats', { method: 'POST' });
    expect((await site.get('/cats')).text).toBe(`{"run":${isOurs ? 2 : 1}}`);
  });
});
