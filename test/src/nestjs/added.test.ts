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
  readonly rawTrailers: Any;
  readonly route?: Any;
  readonly routeOptions?: { readonly config: Any; readonly url?: string };
}

const symbol = Symbol('who');
const fastify = Symbol('fastify.who');
const nodes = (request: AnyRequest) => request.raw ?? request;
const routeOf = ({ route, routeOptions }: AnyRequest) => route ?? routeOptions?.config ?? {};

/** What Express keeps of a URL it has parsed; on Fastify, somebody's. */
const parsedOf = (request: AnyRequest) => {
  request['_parsedUrl'] ??= {};
  return Object(request['_parsedUrl']);
};

/** Where a guard may leave who is asking. */
const places: readonly (readonly [name: string, placeOf: (request: AnyRequest) => Any, key: string | symbol])[] = [
  ['headers.userId', ({ headers }) => headers, 'userId'],
  ['headers[symbol]', ({ headers }) => headers, symbol],
  ['socket.user', (request) => nodes(request).socket, 'user'],
  ['trailers.user', (request) => nodes(request).trailers, 'user'],
  ['statusMessage', (request) => nodes(request), 'statusMessage'],
  ['httpVersion', (request) => nodes(request), 'httpVersion'],
  ['httpVersionMinor', (request) => nodes(request), 'httpVersionMinor'],
  ['rawTrailers', (request) => nodes(request).rawTrailers, '0'],
  ['_parsedUrl.user', (request) => parsedOf(nodes(request)), 'user'],
  ['a symbol called as those of Fastify are', (request) => request, fastify],
  ['the route', routeOf, 'user'],
];

/** What Fastify gives requests by what they inherit, and a guard may put on one of them. */
const inherited = ['ip', 'ips', 'mediaType', 'signal', 'hostname', 'protocol', 'host', 'port', 'originalUrl'];

/** What a guard may write on the `config` of a route, which is there for the next visitor, too. */
const configured: readonly (readonly [
  name: string,
  write: (config: Any, user: string) => void,
  read: (config: Any) => unknown,
])[] = [
  ['a value', (config, user) => void Reflect.set(config, 'plan', user), ({ plan }) => plan],
  ['a value deep inside', ({ data }, user) => Reflect.set(Object(data), 'of', user), ({ data }) => Object(data).of],
  ['a list', ({ list }, user) => Reflect.set(Object(list), 0, user), ({ list }) => Object(list)[0]],
  ['the pattern', (config, user) => void Reflect.set(config, 'url', user), ({ url }) => url],
  ['the method', (config, user) => void Reflect.set(config, 'method', user), ({ method }) => method],
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
  @RouteConfig({ plan: 'free', data: { of: null }, list: [1] })
  @CacheView(60)
  configured(@Req() request: AnyRequest) {
    return { plan: routeOf(request)['plan'] ?? null };
  }
  @Get('written/:id')
  @RouteConfig({ plan: 'free', data: { of: null }, list: [1] })
  @CacheView(60)
  written(@Req() request: AnyRequest) {
    return { for: show(request) ?? null };
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

  it.each(inherited)('%s of its own keeps a page that shows it from being stored', async (key) => {
    leave = (request, user) => void Object.defineProperty(request, key, { configurable: true, value: `of ${user}` });
    show = (request) => request[key];
    const site = await start(make);
    expect((await site.get('/page', { cookie: 'alice' })).text).toBe('{"for":"of alice"}');
    expect(await site.get('/page', { cookie: 'bob' })).toMatchObject({ text: '{"for":"of bob"}', isHit: false });
    // What one visitor was given says nothing of the next.
    show = () => 'everybody';
    await site.get('/page?other');
    expect(await site.get('/page?other')).toMatchObject({ text: '{"for":"everybody"}', isHit: true });
  });

  it('a host of its own keeps a page that shows what is worked out of it from being stored', async () => {
    leave = (request, user) => void Object.defineProperty(request, 'host', { value: `${user}.example` });
    show = (request) => request['hostname'];
    const site = await start(make);
    await site.get('/page', { cookie: 'alice' });
    expect((await site.get('/page', { cookie: 'bob' })).text).not.toContain('alice');
  });

  if (name === 'Fastify') {
    it.each(configured)(
      '%s over what a route was declared with keeps it from being stored',
      async (_name, write, read) => {
        leave = (request, user) => write(routeOf(request), user);
        show = (request) => read(routeOf(request));
        const site = await start(make);
        expect((await site.get('/written/1', { cookie: 'alice' })).text).toBe('{"for":"alice"}');
        expect(await site.get('/written/1', { cookie: 'bob' })).toMatchObject({ text: '{"for":"bob"}', isHit: false });
        Object.assign(Reflect.getMetadata('__fastify_route_config__', Pages.prototype.written), {
          data: { of: null },
          list: [1],
        });
      },
    );

    it('what Fastify says of a route is the same for everybody', async () => {
      leave = () => {};
      show = ({ routeOptions }) => routeOptions?.url;
      const site = await start(make);
      await site.get('/written/1');
      expect(await site.get('/written/1')).toMatchObject({ text: '{"for":"/written/:id"}', isHit: true });
    });
  }

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
