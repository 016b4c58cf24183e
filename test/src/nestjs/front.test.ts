import fastifyCookie from '@fastify/cookie';
import fastifyHelmet from '@fastify/helmet';
import { describe, expect, it } from '@jest/globals';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Header,
  type INestApplication,
  Injectable,
  Res,
  UseGuards,
} from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { CacheView } from '@viewcache/nestjs';
import type { FastifyInstance } from 'fastify';
import helmet from 'helmet';
import { lasting, type Reply } from '../support/site.js';
import { closeNestsAfterEach, nests, serveNest } from './nests.js';

/** What of a response both adapters have. */
interface AnyResponse {
  header(name: string, value: string): AnyResponse;
  removeHeader(name: string): void;
  send(body: unknown): unknown;
}

let runs = 0;

/** Says on each answer who is let in. */
@Injectable()
class Known implements CanActivate {
  canActivate(context: ExecutionContext) {
    const { headers } = context.switchToHttp().getRequest();
    context.switchToHttp().getResponse<AnyResponse>().header('x-visitor', String(headers['x-name']));
    return true;
  }
}

@Controller()
@CacheView(300)
class Pages {
  @Get('page') page() {
    return { run: ++runs };
  }
  @Get('known') @UseGuards(Known) known() {
    return { run: ++runs };
  }
  @Get('bare') bare(@Res({ passthrough: true }) res: AnyResponse) {
    res.removeHeader('x-front');
    res.header('x-frame-options', 'DENY');
    return { run: ++runs };
  }
  @Get('same') same(@Res({ passthrough: true }) res: AnyResponse) {
    res.header('x-tier', 'gold');
    return { run: ++runs };
  }
  @Get('private') @Header('Cache-Control', 'private') private() {
    return { run: ++runs };
  }
  @Get('cookie') cookie(@Res({ passthrough: true }) res: AnyResponse) {
    res.header('set-cookie', 'a=1');
    return { run: ++runs };
  }
  @Get('plugin-cookie') pluginCookie(
    @Res({ passthrough: true }) reply: { setCookie(name: string, value: string): void },
  ) {
    reply.setCookie('own', '1');
    return { run: ++runs };
  }
  @Get('varied') @Header('Vary', 'X-Tone') varied() {
    return { run: ++runs };
  }
}

/** What runs in front of guards: middleware on Express, a hook on Fastify. */
type Front = (fields: Readonly<Record<string, string | undefined>>, set: (name: string, value: string) => void) => void;

function addFront(app: INestApplication, front: Front): void {
  if (app.getHttpAdapter().getType() === 'fastify') {
    const fastify = (app as NestFastifyApplication).getHttpAdapter().getInstance();
    fastify.addHook('onRequest', async (request, reply) => {
      front(request.headers as never, (name, value) => void reply.header(name, value));
    });
  } else {
    app.use((req: { headers: never }, res: { setHeader(name: string, value: string): void }, next: () => void) => {
      front(req.headers, (name, value) => res.setHeader(name, value));
      next();
    });
  }
}

describe.each(nests)('fields that were set in front of a view on %s', (_name, make) => {
  closeNestsAfterEach();
  const serve = async (configure: (app: INestApplication) => unknown) => {
    runs = 0;
    return await serveNest(make, [Pages], { configure });
  };

  it('keeps those of helmet and CORS on misses and hits', async () => {
    const site = await serve(async (app) => {
      app.enableCors({ origin: ['http://a.example', 'http://b.example'], credentials: true });
      if (app.getHttpAdapter().getType() !== 'fastify') app.use(helmet());
      else await (app as NestFastifyApplication).register(fastifyHelmet as never);
    });
    const get = async (origin: string) => await site.get('/page', { origin: `http://${origin}.example` });
    const [miss, hit, other] = [await get('a'), await get('a'), await get('b')];
    expect([miss.isHit, hit.isHit, other.isHit]).toEqual([false, true, true]);
    expect(lasting(hit, miss)).toEqual(lasting(miss));
    expect(miss.headers['x-content-type-options']).toBe('nosniff');
    expect(hit.headers['access-control-allow-origin']).toBe('http://a.example');
    expect(other.headers['access-control-allow-origin']).toBe('http://b.example');
    expect({ ...lasting(other, miss).headers, 'access-control-allow-origin': '' }).toEqual({
      ...lasting(miss).headers,
      'access-control-allow-origin': '',
    });
  });

  it("gives each visitor his own, and never another's", async () => {
    const site = await serve((app) =>
      addFront(app, ({ 'x-name': name }, set) => {
        set('set-cookie', `name=${name}`);
        set('x-greeting', `hello ${name}`);
      }),
    );
    const about = ({ headers }: Reply) => [headers['set-cookie'], headers['x-greeting'], headers['x-visitor']];
    const miss = await site.get('/known', { 'x-name': 'ada' });
    const hit = await site.get('/known', { 'x-name': 'bob' });
    expect(hit.isHit).toBe(true);
    expect(about(miss)).toEqual([['name=ada'], 'hello ada', 'ada']);
    expect(about(hit)).toEqual([['name=bob'], 'hello bob', 'bob']);
  });

  it('does on a hit to them what the handler did', async () => {
    const site = await serve((app) =>
      addFront(app, (_fields, set) => {
        set('x-front', 'a');
        set('x-frame-options', 'SAMEORIGIN');
      }),
    );
    const [miss, hit] = [await site.get('/bare'), await site.get('/bare')];
    expect([miss.headers['x-front'], miss.headers['x-frame-options']]).toEqual([undefined, 'DENY']);
    expect(lasting(hit, miss)).toEqual(lasting(miss));
  });

  it('stores what the handler sets, though it was set in front to the same', async () => {
    const site = await serve((app) => addFront(app, ({ 'x-tier': tier }, set) => tier && set('x-tier', tier)));
    const miss = await site.get('/same', { 'x-tier': 'gold' });
    const [plain, silver] = [await site.get('/same'), await site.get('/same', { 'x-tier': 'silver' })];
    expect(plain.isHit).toBe(true);
    expect([miss, plain, silver].map(({ headers }) => headers['x-tier'])).toEqual(['gold', 'gold', 'gold']);
  });

  it.each(['private', 'cookie'])('does not store what /%s says by its fields, beside those in front', async (path) => {
    const site = await serve((app) => addFront(app, (_fields, set) => set('set-cookie', 'front=1')));
    const [first, second] = [await site.get(`/${path}`), await site.get(`/${path}`)];
    expect([first.text, second.text]).toEqual(['{"run":1}', '{"run":2}']);
  });

  it('selects by what @Header() names in Vary', async () => {
    const site = await serve(() => {});
    const get = async (tone: string) => await site.get('/varied', { 'x-tone': tone });
    const [loud, soft, again] = [await get('loud'), await get('soft'), await get('loud')];
    expect([loud.text, soft.text, again.text]).toEqual(['{"run":1}', '{"run":2}', '{"run":1}']);
    expect(lasting(again, loud)).toEqual(lasting(loud));
    expect(loud.headers.vary).toBe('X-Tone');
  });
});

describe('hooks of Fastify around a view', () => {
  closeNestsAfterEach();
  const [, [, make] = []] = nests;
  if (make === undefined) throw new Error('no Fastify');
  const serve = async (configure: (fastify: FastifyInstance) => unknown) => {
    runs = 0;
    return await serveNest(make, [Pages], {
      configure: (app) => configure((app as NestFastifyApplication).getHttpAdapter().getInstance() as never),
    });
  };

  it('runs each once on a miss, and on a hit those that do not send', async () => {
    const ran: string[] = [];
    const site = await serve((fastify) => {
      for (const name of ['onRequest', 'preValidation', 'preHandler', 'onSend', 'onResponse'] as const)
        fastify.addHook(name as 'onRequest', async () => void ran.push(name));
    });
    await site.get('/page');
    expect(ran).toEqual(['onRequest', 'preValidation', 'preHandler', 'onSend', 'onResponse']);
    ran.length = 0;
    expect((await site.get('/page')).isHit).toBe(true);
    expect(ran).toEqual(['onRequest', 'preValidation', 'preHandler', 'onResponse']);
    expect(site.logged).toEqual([]);
  });

  it('stores what onSend makes of a body', async () => {
    const site = await serve((fastify) =>
      fastify.addHook('onSend', async (_request, reply, payload) => {
        reply.header('x-length', String(payload).length);
        return `${payload}!`;
      }),
    );
    const [miss, hit] = [await site.get('/page'), await site.get('/page')];
    expect(miss.text).toBe('{"run":1}!');
    expect(hit.isHit).toBe(true);
    expect(lasting(hit, miss)).toEqual(lasting(miss));
  });

  it('sends to everybody what onSend has set, and to each what the hooks in front have', async () => {
    let requests = 0;
    const site = await serve((fastify) => {
      fastify.addHook('onRequest', async (_request, reply) => void reply.header('x-front', ++requests));
      fastify.addHook('onSend', async (_request, reply) => void reply.header('x-sent', requests));
    });
    await site.get('/page');
    const hit = await site.get('/page');
    expect([hit.isHit, hit.headers['x-front'], hit.headers['x-sent']]).toEqual([true, '2', '1']);
  });

  it("gives each visitor the cookies that hooks have set by @fastify/cookie, and stores no handler's", async () => {
    const site = await serve(async (fastify) => {
      await fastify.register(fastifyCookie, { secret: 'of the test, and of nobody else' });
      fastify.addHook('preHandler', async (request, reply) => {
        reply.setCookie('name', String(request.headers['x-name']), { path: '/' });
        reply.setCookie('seen', '1', { signed: true });
      });
    });
    const [miss, hit] = [await site.get('/page', { 'x-name': 'ada' }), await site.get('/page', { 'x-name': 'bob' })];
    expect([miss.isHit, hit.isHit]).toEqual([false, true]);
    expect(miss.headers['set-cookie']?.[0]).toBe('name=ada; Path=/; SameSite=Lax');
    expect(hit.headers['set-cookie']).toEqual(miss.headers['set-cookie']?.map((it) => it.replace('ada', 'bob')));
    const first = await site.get('/plugin-cookie', { 'x-name': 'ada' });
    expect(first.headers['set-cookie']).toHaveLength(3);
    expect((await site.get('/plugin-cookie', { 'x-name': 'bob' })).isHit).toBe(false);
  });
});
