import { describe, expect, it } from '@jest/globals';
import {
  type CallHandler,
  Controller,
  type ExecutionContext,
  Get,
  Header,
  HttpCode,
  Injectable,
  type NestInterceptor,
  Redirect,
  Res,
  Sse,
  StreamableFile,
  UseInterceptors,
} from '@nestjs/common';
import { Cacheable, CacheView } from '@viewcache/nestjs';
import { from, map } from 'rxjs';
import { lasting } from '../support/site.js';
import { closeNestsAfterEach, nests, serveNest } from './nests.js';

/** What of a response both adapters have. */
interface AnyResponse {
  status(code: number): AnyResponse;
  header(name: string, value: string): AnyResponse;
  send(body: unknown): unknown;
}

const BYTES = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 255, 13, 10]);

let runs = 0;

/** What handlers return; the same in an app that caches nothing. */
class Pages {
  @Get('status') status(@Res({ passthrough: true }) res: AnyResponse) {
    runs++;
    res.status(202).header('x-dyn', 'made');
    return { accepted: true };
  }
  @Get('csv') csv(@Res({ passthrough: true }) res: AnyResponse) {
    runs++;
    res.header('content-type', 'text/csv; charset=utf-8');
    return 'id,name\n1,Ulm\n';
  }
  @Get('buffer') @Header('Content-Type', 'image/png') buffer() {
    runs++;
    return BYTES;
  }
  @Get('response') response() {
    runs++;
    return new Response('whole', { status: 202, headers: { 'content-type': 'text/x-web', 'x-own': 'a' } });
  }
  @Get('stream') stream() {
    runs++;
    return new Response('in pieces').body;
  }
  @Get('generator') async *generator() {
    runs++;
    yield 'g1';
    yield '-h';
  }
  @Get('file') file() {
    runs++;
    return new StreamableFile(BYTES, { type: 'image/png', disposition: 'attachment; filename="a.png"' });
  }
  @Get('res') res(@Res() res: AnyResponse) {
    runs++;
    res.status(200).header('x-own', 'a').send({ by: 'hand' });
  }
  @Get('static') @HttpCode(203) @Header('X-Static', 'a') fixed() {
    runs++;
    return { fixed: true };
  }
  @Get('redirect') @Redirect('/elsewhere', 301) redirect() {
    runs++;
  }
  @Get('null') nothing() {
    runs++;
    return null;
  }
  @Get('undefined') notThere() {
    runs++;
  }
  @Get('zero') zero() {
    runs++;
    return 0;
  }
  @Get('empty') empty() {
    runs++;
    return '';
  }
}

@Controller('plain')
class Plain extends Pages {}

@Controller('cached')
@CacheView({ ttl: 300, statuses: [200, 202, 203, 301] })
class Cached extends Pages {
  @Get('events') @Sse('events') events() {
    runs++;
    return from([{ data: 'a' }, { data: 'b' }, { data: 'c' }]);
  }
}

/** Changes the very object that the handler has returned, further out than the view. */
@Injectable()
class Counting implements NestInterceptor {
  visitors = 0;
  intercept(_context: ExecutionContext, next: CallHandler) {
    const visitor = `u${++this.visitors}`;
    return next.handle().pipe(
      map((list?: string[]) => {
        list?.push(visitor);
        return list;
      }),
    );
  }
}

@Injectable()
class Lists {
  @Cacheable(60)
  async visitors(): Promise<string[]> {
    return ['first'];
  }
}

@Controller('lists')
class Shared {
  constructor(private readonly lists: Lists) {}

  @Get('view') @CacheView(300) @UseInterceptors(Counting) view() {
    runs++;
    return [];
  }
  @Get('values') @UseInterceptors(Counting) async values() {
    return await this.lists.visitors();
  }
}

describe.each(nests)('what CacheInterceptor makes of answers, on %s', (_name, make) => {
  closeNestsAfterEach();

  it.each([
    ['status', 'a status and a field set by hand become 200 and none'],
    ['csv', 'text/csv becomes text/html or text/plain'],
    ['buffer', 'the type of a Buffer is lost'],
    ['response', 'a web Response is a 500 from the second time on'],
    ['stream', 'a ReadableStream is a 500 from the second time on'],
    ['generator', 'a generator is an empty 200 from the second time on'],
    ['file', 'a StreamableFile is not cached'],
    ['res', 'an answer by @Res() is not cached, and said to be a MISS'],
    ['static', 'right there: @HttpCode() and @Header()'],
    ['redirect', 'right there: @Redirect()'],
    ['null', 'null is not cached'],
    ['undefined', 'undefined is not cached'],
    ['zero', 'right there: 0'],
    ['empty', 'right there: an empty text'],
  ])('happens to none of /%s here (%s)', async (path) => {
    const site = await serveNest(make, [Plain, Cached]);
    const plain = await site.get(`/plain/${path}`);
    runs = 0;
    const replies = [];
    for (let i = 0; i < 3; i++) replies.push(await site.get(`/cached/${path}`));
    expect(runs).toBe(1);
    expect(replies.map(({ isHit }) => isHit)).toEqual([false, true, true]);
    expect(replies.map((reply) => lasting(reply, plain))).toEqual(Array(3).fill(lasting(plain)));
  });

  it('is not that of the events of a server only the last one is sent', async () => {
    const site = await serveNest(make, [Cached]);
    for (let asked = 1; asked <= 3; asked++) {
      const { text, headers } = await site.get('/cached/events');
      expect(text.match(/data: \w/g)).toEqual(['data: a', 'data: b', 'data: c']);
      expect(headers['content-type']).toBe('text/event-stream');
    }
  });

  it('is not that an interceptor changes what others are answered', async () => {
    const site = await serveNest(make, [Shared], { providers: [Lists, Counting] });
    runs = 0;
    const texts = async (path: string) => [await site.get(path), await site.get(path), await site.get(path)];
    expect((await texts('/lists/view')).map(({ text }) => text)).toEqual(Array(3).fill('["u1"]'));
    expect(runs).toBe(1);
    const values = (await texts('/lists/values')).map(({ text }) => JSON.parse(text));
    expect(values).toEqual([4, 5, 6].map((at) => ['first', `u${at}`]));
  });

  it('is not that HEAD runs the handler each time', async () => {
    const site = await serveNest(make, [Cached]);
    const get = await site.get('/cached/csv');
    runs = 0;
    for (let asked = 1; asked <= 3; asked++) {
      const head = await site.ask('/cached/csv', { method: 'HEAD' });
      expect([head.isHit, head.status, head.text]).toEqual([true, 200, '']);
      expect(head.headers['content-length']).toBe(String(get.body.length));
    }
    expect(runs).toBe(0);
  });

  it('is not that nobody is told by an entity tag that nothing has changed', async () => {
    const site = await serveNest(make, [Cached]);
    await site.get('/cached/csv');
    runs = 0;
    const { etag } = (await site.get('/cached/csv')).headers;
    expect(etag).toEqual(expect.any(String));
    const unchanged = await site.get('/cached/csv', { 'if-none-match': etag });
    expect([unchanged.status, unchanged.text, unchanged.isHit]).toEqual([304, '', true]);
    expect(runs).toBe(0);
  });
});
