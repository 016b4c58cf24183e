// @CacheView() on our adapter for Express, whose server creates requests and responses with Express's prototypes.

import { ViewCacheExpressAdapter } from '@viewcache/nestjs/express';
import { cacheView, serveOnExpress } from './nest-app.js';

await serveOnExpress(cacheView(), new ViewCacheExpressAdapter());
