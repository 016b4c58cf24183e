import { describe, expect, it } from '@jest/globals';
import { Controller, type ExecutionContext, Get, Req } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { CacheView } from '@viewcache/nestjs';
import { closeNestsAfterEach, type MakeAdapter, nests, serveNest } from './nests.js';

closeNestsAfterEach();

type Any = Record<string | symbol, unknown>;
/** A request as both adapters have it. */
interface AnyRequest extends Any {
  headers: Any;
  readonly raw?: AnyRequest;
  readonly socket: Any;
  readonly trailers: Any;
  readonly route?: Any;
  readonly routeOptions?: { readonly config: Any };
}

const symbol = Symbol('who');
const fastify = Symbol('fastify.who');
const nodes = (request: AnyRequest) => request.raw ?? request;
const routeOf = ({ route, routeOptions }: AnyRequest) => route ?? routeOptions?.config ?? {};

/** Where a guard may leave who is asking. */
const places: readonly (readonly [name: string, placeOf: (request: AnyRequest) => Any, key: string | symbol])[] = [
  ['headers.userId', ({ headers }) => headers, 'userId'],
  ['headers[symbol]', ({ headers }) => headers, symbol],
  ['socket.user', (request) => nodes(request).socket, 'user'],
  ['trailers.user', (request) => nodes(request).trailers, 'user'],
  ['statusMessage', (request) => nodes(request), 'statusMessage'],
  ['a symbol called as those of Fastify are', (request) => request, fastify],
  ['the route', routeOf, 'user'],
];

/** What the guard does, and what the handler answers, in the test that runs. */
let leave: (request: AnyRequest, user: string) => void = () => {};
let show: (request: AnyRequest) => unknown = () => undefined;

@Controller()
class Pages {
  @Get('page')
  @CacheView(60)
  page(@Req() request: AnyRequest) {
    return { for: show(request) ?? null };
  }
  @Get('configured')
  @RouteConfig({ plan: 'free' })
  @CacheView(60)
  configured(@Req() request: AnyRequest) {
    return { plan: routeOf(request)['plan'] ?? null };
  }
}

const guard = {
  canActivate(context: ExecutionContext) {
    const request = context.switchToHttp().getRequest<AnyRequest>();
    const user = nodes(request).headers['cookie'];
    if (typeof user === 'string') leave(request, user);
    return true;
  },
};

const start = (make: MakeAdapter) => serveNest(make, [Pages], { configure: (app) => app.useGlobalGuards(guard) });

describe.each(nests)('what a guard left among what was parsed, on %s', (name, make) => {
  it.each(places)('%s keeps a page that shows it from being stored', async (_name, placeOf, key) => {
    leave = (request, user) => void Reflect.set(placeOf(request), key, user);
    show = (request) => placeOf(request)[key];
    const site = await start(make);
    expect((await site.get('/page', { cookie: 'alice' })).text).toBe('{"for":"alice"}');
    expect(await site.get('/page', { cookie: 'bob' })).toMatchObject({ text: '{"for":"bob"}', isHit: false });
  });

  it('what a route was declared with is the same for everybody', async () => {
    leave = () => {};
    const site = await start(make);
    await site.get('/configured');
    expect(await site.get('/configured')).toMatchObject({
      isHit: true,
      text: `{"plan":${name === 'Fastify' ? '"free"' : null}}`,
    });
  });

  it('fields that one request was given anew leave those of others as they are', async () => {
    leave = (request, user) => {
      request.headers = { ...request.headers, 'x-who': user };
    };
    show = (request) => request.headers['x-who'];
    const site = await start(make);
    await site.get('/page');
    expect((await site.get('/page', { cookie: 'alice' })).text).toBe('{"for":"alice"}');
    expect((await site.get('/page', { cookie: 'bob' })).text).toBe('{"for":"bob"}');
    expect(await site.get('/page?2')).toMatchObject({ status: 200, text: '{"for":null}' });
    expect((await site.get('/page?2')).isHit).toBe(true);
  });

  it('an object among the fields is an error for nobody', async () => {
    leave = (request, user) => void Reflect.set(request.headers, 'x-user', { name: user });
    show = (request) => Reflect.get(Object(request.headers['x-user']), 'name');
    const site = await start(make);
    await site.get('/page', { cookie: 'alice' });
    expect(await site.get('/page', { cookie: 'bob' })).toMatchObject({ status: 200, text: '{"for":"bob"}' });
    leave = (request, user) => void Reflect.set(request.headers, 'x-city', { name: user });
    show = (request) => Reflect.get(Object(request.headers['x-city']), 'name');
    await site.get('/page?3', { cookie: 'alice' });
    expect(await site.get('/page?3', { cookie: 'bob' })).toMatchObject({ status: 200, text: '{"for":"bob"}' });
  });
});
