import { describe, expect, it } from '@jest/globals';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Header,
  Headers,
  HttpException,
  Injectable,
  Param,
  Post,
  Query,
  Req,
  UseGuards,
} from '@nestjs/common';
import { CacheView } from '@viewcache/nestjs';
import { countdown } from '../support/gate.js';
import { closeNestsAfterEach, nests, serveNest } from './nests.js';

interface AnyRequest {
  readonly headers: Readonly<Record<string, string | undefined>>;
  user?: { readonly name: string };
}

let runs = 0;

/** Lets in whoever says who he is, but for Mallory. */
@Injectable()
class Login implements CanActivate {
  static asked = 0;
  canActivate(context: ExecutionContext): boolean {
    Login.asked++;
    const request = context.switchToHttp().getRequest<AnyRequest>();
    const name = request.headers['x-name'] ?? 'nobody';
    request.user = { name };
    return name !== 'mallory';
  }
}

@Controller()
@CacheView(300)
class Pages {
  @Get('me') me(@Headers('authorization') user: string) {
    return { user };
  }
  @Get('profile') @UseGuards(Login) profile(@Req() request: AnyRequest) {
    return { user: request.user?.name };
  }
  @Get('members') @UseGuards(Login) members() {
    return { run: ++runs };
  }
  @Get('host') host(@Headers('host') host: string) {
    return { host };
  }
  @Get('greeting') @Header('Vary', 'Accept-Language') greeting(@Headers('accept-language') language: string) {
    return { language, run: ++runs };
  }
  @Get('private') @Header('Cache-Control', 'private, no-store') private() {
    return { run: ++runs };
  }
  @Get('list') list(@Query() { a, b }: { a: string; b: string }) {
    return { a, b, run: ++runs };
  }
  @Get('k/:id') @CacheView({ key: () => 'item' }) one(@Param('id') id: string) {
    return { id };
  }
  @Get('other/:id') @CacheView({ key: () => 'item' }) other(@Param('id') id: string) {
    return { other: id };
  }
  @Post('k/:id') @CacheView({ key: () => 'item' }) change(@Param('id') id: string) {
    return { changed: id, run: ++runs };
  }
  @Get('failing') failing() {
    throw new HttpException(`run ${++runs}`, runs === 1 ? 503 : 404);
  }
  @Get('many') many(@Query('cb') cb: string) {
    return { cb };
  }
}

const CROWD = 20;

describe.each(nests)('whom CacheInterceptor hands an answer, on %s', (_name, make) => {
  closeNestsAfterEach();
  const serve = async () => {
    [runs, Login.asked] = [0, 0];
    return await serveNest(make, [Pages]);
  };

  it('is not somebody else than who was asked about, by Authorization or by what a guard has found out', async () => {
    const site = await serve();
    for (const [path, field] of [
      ['/me', 'authorization'],
      ['/profile', 'x-name'],
    ] as const) {
      for (const user of ['alice', 'bob', 'alice'])
        expect(JSON.parse((await site.get(path, { [field]: user })).text)).toEqual({ user });
    }
  });

  it('is nobody whom a guard refuses (right there, too)', async () => {
    const site = await serve();
    expect([(await site.get('/members')).isHit, (await site.get('/members')).isHit]).toEqual([false, true]);
    expect((await site.get('/members', { 'x-name': 'mallory' })).status).toBe(403);
    expect([runs, Login.asked]).toEqual([1, 3]);
  });

  it('is not the visitor of another host', async () => {
    const site = await serve();
    for (const host of ['a.example', 'b.example', 'a.example'])
      expect(JSON.parse((await site.get('/host', { host })).text)).toEqual({ host });
  });

  it('is not somebody who reads another language, where Vary says that there are several', async () => {
    const site = await serve();
    const texts = [];
    for (const language of ['en', 'fr', 'en', 'fr'])
      texts.push((await site.get('/greeting', { 'accept-language': language })).text);
    expect(texts).toEqual([1, 2, 1, 2].map((run) => `{"language":"${run === 1 ? 'en' : 'fr'}","run":${run}}`));
  });

  it('is nobody at all, where Cache-Control says private or no-store', async () => {
    const site = await serve();
    await site.get('/private');
    const second = await site.get('/private');
    expect([second.text, second.isHit, second.headers['cache-control']]).toEqual([
      '{"run":2}',
      false,
      'private, no-store',
    ]);
  });

  it('is nobody at all, where the handler has thrown (right there, too)', async () => {
    const site = await serve();
    const replies = [await site.get('/failing'), await site.get('/failing'), await site.get('/failing')];
    expect(replies.map(({ status }) => status)).toEqual([503, 404, 404]);
    expect(runs).toBe(3);
  });

  it('is whoever asks for the same, in whatever order of parameters', async () => {
    const site = await serve();
    const [first, second] = [await site.get('/list?a=1&b=2'), await site.get('/list?b=2&a=1')];
    expect([second.isHit, second.text]).toEqual([true, first.text]);
    expect(runs).toBe(1);
  });

  it('does not depend on a key alone: other URLs, other routes and other methods have answers of their own', async () => {
    const site = await serve();
    const get = async (path: string) => JSON.parse((await site.get(path)).text);
    const post = async () => (await site.ask('/k/1', { method: 'POST' })).text;
    for (let asked = 1; asked <= 2; asked++) {
      expect([await get('/k/1'), await get('/k/2'), await get('/other/1')]).toEqual([
        { id: '1' },
        { id: '2' },
        { other: '1' },
      ]);
      // Not cached, as @CacheKey has CacheInterceptor do.
      expect(await post()).toBe(`{"changed":"1","run":${asked}}`);
    }
  });

  it('is each of twenty who ask at once, by one run of the handler in place of twenty', async () => {
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
      @Get() @UseGuards(Counting) @CacheView(300) async page() {
        calls++;
        await all.passed;
        return { calls };
      }
    }
    const site = await serveNest(make, [Slow], { providers: [Counting] });
    const replies = await Promise.all(Array.from({ length: CROWD }, () => site.get('/')));
    expect(replies.map(({ status, text }) => [status, text])).toEqual(Array(CROWD).fill([200, '{"calls":1}']));
    expect(calls).toBe(1);
  });

  it('costs memory within limits, also where each asks for something else, and nobody asks twice', async () => {
    const maxBytes = 256 * 1024;
    const site = await serveNest(make, [Pages], { options: { maxBytes } });
    let most = 0;
    for (let cb = 0; cb < 2_000; cb += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, at) => site.get(`/many?cb=${cb + at}`)));
      most = Math.max(most, site.cache.stats().bytes);
    }
    expect(site.cache.stats().stored).toBe(2_000);
    expect(most).toBeGreaterThan(maxBytes / 2);
    expect(most).toBeLessThanOrEqual(maxBytes);
  });
});
