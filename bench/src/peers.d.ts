// The peers and the load generator ship no types; only what the bench calls is declared.
declare module 'apicache' {
  import type { RequestHandler } from 'express';

  interface ApiCache {
    middleware(duration: string): RequestHandler;
    options(options: { redisClient: unknown }): ApiCache;
    getIndex(): { all: string[] };
  }
  const apicache: ApiCache;
  export default apicache;
}

declare module 'redis' {
  import type { EventEmitter } from 'node:events';

  const redis: { createClient(url: string): EventEmitter };
  export default redis;
}

declare module 'route-cache' {
  import type { RequestHandler } from 'express';

  const routeCache: { cacheSeconds(seconds: number): RequestHandler };
  export default routeCache;
}

declare module 'autocannon' {
  interface Options {
    url: string;
    connections: number;
    duration: number;
    requests?: { setupRequest(request: { path: string }): { path: string } }[];
  }
  interface Result {
    duration: number;
    errors: number;
    non2xx: number;
    '2xx': number;
  }
  export default function autocannon(options: Options): Promise<Result>;
}

declare module 'ejs' {
  const ejs: { renderFile(path: string, data: object, options: object): Promise<string> };
  export default ejs;
}
