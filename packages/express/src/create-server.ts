import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type ServerOptions as HttpServerOptions,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import {
  createServer as createHttpsServer,
  type Server as HttpsServer,
  type ServerOptions as HttpsServerOptions,
} from 'node:https';
import { type Cache, ConfigError, defaultCache, type WarmOnStart } from '@viewcache/core';
import { adoptPrototypes, completeShape, hasPrototypes, isCache, knowServer, warmOnStart } from '@viewcache/core/node';

/**
 * Where `cachePage({ beforeMiddleware: true })` leaves, on the application, the function that may answer before Express.
 *
 * Registered with `Symbol.for`, so that two copies of the package in one process agree.
 *
 * @internal
 */
const earlyAnswer: unique symbol = Symbol.for('viewcache.early');

/**
 * Set on an application that {@link createServer} serves: only there a route that is not answered early misses something.
 *
 * @internal
 */
const served: unique symbol = Symbol.for('viewcache.served');

/**
 * Answers a request before Express is entered and says so with `true`; with `false` it has left both objects alone.
 *
 * @internal
 */
type EarlyAnswer = (req: IncomingMessage, res: ServerResponse) => boolean;

/** An Express application, of Express 4 or 5 alike: `Express`, as `express()` returns it, or `Application`. */
export interface ExpressApplication {
  (req: IncomingMessage, res: ServerResponse): unknown;
  /** Where it is mounted in another one. Tells an application from any other function of a request and a response. */
  mountpath: string | string[];
  /** @internal */
  [earlyAnswer]?: EarlyAnswer;
  /** @internal */
  [served]?: boolean;
}

/** What `Application` leaves out and every Express application has. */
type Owner = ExpressApplication & { request: object; response: object };

type Classes = 'IncomingMessage' | 'ServerResponse';

/** What is warmed when a server of {@link createServer} listens, and which cache. */
export interface WarmServerOnStart extends WarmOnStart {
  /** @defaultValue the process's own, `defaultCache()` */
  readonly cache?: Cache | undefined;
}

/** What `http.createServer` takes, except the two classes that {@link createServer} makes itself, `tls` and `warmOnStart`. */
export interface CreateServerOptions extends Omit<HttpServerOptions, Classes> {
  /**
   * Makes an `https.Server` from these options of `https.createServer`: `key` and `cert`, or `pfx`, `SNICallback`, ….
   *
   * @defaultValue none: an `http.Server`
   */
  tls?: Omit<HttpsServerOptions, Classes> | undefined;
  /**
   * What visitors will ask for: a source and options of `cache.warm`. Begins once the server listens, which does not wait for it;
   * what goes wrong is a warning.
   *
   * @defaultValue none
   */
  warmOnStart?: WarmServerOnStart | undefined;
}

/**
 * Gives the server for an Express application on which every request, cached or not, costs less CPU than under `app.listen`.
 *
 * Express changes the prototypes of `req` and `res` on every request; on Node 20 and 22 that more than doubles what a
 * request costs, whether or not it is answered from the cache. This server creates them with those prototypes from the
 * start, so that Express finds nothing to change. Everything else is as under `app.listen`: the objects are instances of
 * `http.IncomingMessage` and `http.ServerResponse`, `req.app` and `res.app` name the application they are in, and
 * WebSocket libraries, `diagnostics_channel` and `server.on(…)` work on what is returned, a plain Node server.
 *
 * Call it once the application is put together, and note:
 *
 * - **Your extensions** of `app.request` and `app.response` belong before this call and before sub-apps are mounted.
 *   One made later is still seen by the application itself, but not by sub-apps that were mounted before this call.
 * - **Sub-apps** may be mounted before and after it. Within one, Express does change the prototypes, to the sub-app's
 *   own; its routes gain as much as others, unless middleware of the sub-app adds properties (`req.user`) of its own.
 * - **Routes cached with `beforeMiddleware: true`** are answered by this server before Express is entered, also when the
 *   route is added later.
 * - It may be called again for the same application, for instance for a second port, and for any number of applications.
 * - **Under `app.listen` nothing is lost but this speed**: `cachePage` works the same, and `beforeMiddleware` routes are
 *   answered where the middleware stands. An application passed here can still be listened on, mounted or tested by itself.
 *
 * Middleware that sets the prototypes of `req` or `res` itself makes the objects slow again; it stays correct.
 *
 * @param app - what `express()` returned; Express 4.19 or later, or 5
 * @param options - Node's options for `http.createServer`, and `tls` for an HTTPS server
 * @returns a server that is not listening yet
 * @throws ConfigError when `app` is not an Express application or an option cannot be used
 *
 * @example
 * ```ts
 * const app = express();
 * app.use(cachePage(300));
 * app.get('/cities', listCities);
 *
 * createServer(app).listen(3000);
 * ```
 *
 * @example HTTPS, and an option of Node's
 * ```ts
 * createServer(app, { tls: { key, cert }, keepAliveTimeout: 65_000 }).listen(443);
 * ```
 */
export function createServer(
  app: ExpressApplication,
  options: CreateServerOptions & { tls: Omit<HttpsServerOptions, Classes> },
): HttpsServer;
export function createServer(app: ExpressApplication, options?: CreateServerOptions & { tls?: undefined }): HttpServer;
export function createServer(app: ExpressApplication, options?: CreateServerOptions): HttpServer | HttpsServer;
export function createServer(app: ExpressApplication, options: CreateServerOptions = {}): HttpServer | HttpsServer {
  checkApplication(app);
  checkOptions(options);
  const { tls, warmOnStart: warming, ...http } = options;
  const classes = adoptPrototypes(app);
  app[served] = true;
  const listener = (req: IncomingMessage, res: ServerResponse): void => {
    completeShape(req, res);
    // Read on every request: a route may be cached after the server was made.
    if (app[earlyAnswer]?.(req, res)) return;
    app(req, res);
  };
  const server =
    tls === undefined
      ? createHttpServer({ ...http, ...classes }, listener)
      : createHttpsServer({ ...http, ...tls, ...classes }, listener);
  knowServer(server, { app });
  if (warming !== undefined) warmWhenListening(server, warming);
  return server;
}

function warmWhenListening(server: HttpServer | HttpsServer, given: WarmServerOnStart): void {
  if (!isObject(given)) throw new ConfigError('warmOnStart', given, 'an object with a source and an origin');
  const { cache, ...what } = given as WarmServerOnStart;
  if (cache !== undefined && !isCache(cache))
    throw new ConfigError('warmOnStart.cache', cache, 'a cache made by createCache()');
  warmOnStart('warmOnStart', what, server, () => cache ?? defaultCache());
}

function checkApplication(app: ExpressApplication): asserts app is Owner {
  if (hasPrototypes(app)) return;
  throw new ConfigError('app', app, 'the application that express() returns');
}

function checkOptions(options: unknown): void {
  if (!isObject(options)) throw new ConfigError('options', options, 'an object');
  checkClasses(options, '');
  for (const name of ['key', 'cert', 'pfx', 'ca', 'SNICallback', 'secureContext']) {
    // Node would ignore it and serve in the clear. The value stays out of the message: it may be a private key.
    if (options[name] !== undefined) throw new ConfigError(name, '(not shown)', `tls: { ${name} } for an HTTPS server`);
  }
  // Node takes any name, and what is ours would be nobody's by another.
  for (const name of Object.keys(options))
    if (name !== 'warmOnStart' && name.toLowerCase() === 'warmonstart')
      throw new ConfigError(name, options[name], 'the name warmOnStart', 'warmOnStart');
  const tls = options['tls'];
  if (tls === undefined) return;
  if (!isObject(tls))
    throw new ConfigError(
      'tls',
      typeof tls === 'object' || typeof tls === 'boolean' ? tls : '(not shown)',
      'an object with key and cert, or none for plain HTTP',
    );
  checkClasses(tls, 'tls.');
}

function checkClasses(options: Record<string, unknown>, path: string): void {
  for (const [name, prototype] of [
    ['IncomingMessage', 'app.request'],
    ['ServerResponse', 'app.response'],
  ] as const) {
    if (options[name] === undefined) continue;
    throw new ConfigError(
      path + name,
      options[name],
      `${prototype} for your extensions: createServer makes this class`,
    );
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
