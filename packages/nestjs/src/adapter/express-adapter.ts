import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { NestApplicationOptions } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { ConfigError } from '@viewcache/core';
import { adoptPrototypes, completeShape, hasPrototypes, type PrototypeOwner } from '@viewcache/core/node';

/** An app of Express, as far as it is served. */
type ExpressApp = PrototypeOwner & ((req: IncomingMessage, res: ServerResponse) => void);

/**
 * Nest's adapter for Express, on which every request, cached or not, costs less CPU.
 *
 * Express changes the prototypes of requests and responses on every request; on Node 20 and 22 that more than doubles what a
 * request costs. This adapter's server creates them with those prototypes from the start, so that Express finds nothing to
 * change. Everything else is as with Nest's own: `listen`, `httpsOptions`, shutdown hooks, body parsers, versioning,
 * `app.getHttpServer()`, an Express app of yours in the constructor. Middleware that sets the prototypes itself makes the
 * objects slow again; it stays correct.
 *
 * @example
 * ```ts
 * import { ViewCacheExpressAdapter } from '@viewcache/nestjs/express';
 *
 * const app = await NestFactory.create<NestExpressApplication>(AppModule, new ViewCacheExpressAdapter());
 * await app.listen(3000);
 * ```
 */
export class ViewCacheExpressAdapter extends ExpressAdapter {
  /**
   * @param app - an app of Express, 4.19 or later, or 5; without it, one is made
   * @throws {@link ConfigError} for anything else
   */
  constructor(app?: object) {
    if (app !== undefined && !hasPrototypes(app)) {
      throw new ConfigError('ViewCacheExpressAdapter', app, 'nothing, or the application that express() returns');
    }
    super(app);
  }

  /** Makes the server; Nest calls it once, when the app is created. */
  override initHttpServer(options: NestApplicationOptions): void {
    const app = this.getInstance<ExpressApp>();
    const classes = adoptPrototypes(app);
    const httpsOptions = options?.httpsOptions;
    // Nest hands these on to `https.createServer` as they are, and nothing to `http.createServer`.
    if (httpsOptions) super.initHttpServer({ ...options, httpsOptions: { ...httpsOptions, ...classes } });
    else {
      super.initHttpServer(options);
      this.httpServer = inPlaceOf(this.httpServer, createServer(classes));
    }
    this.httpServer.off('request', app);
    this.httpServer.on('request', (req: IncomingMessage, res: ServerResponse) => {
      completeShape(req, res);
      app(req, res);
    });
  }
}

/** Has a server heard by all who have begun to listen to another one, such as those that close its connections. */
function inPlaceOf(former: Server, server: Server): Server {
  for (const event of former.eventNames() as string[]) {
    const own = server.listeners(event);
    for (const listener of former.listeners(event)) {
      if (!own.includes(listener)) server.on(event, listener as () => void);
    }
  }
  return server;
}
