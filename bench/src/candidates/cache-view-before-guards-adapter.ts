// A hit answered before the guards, on our adapter for Express.

import { ViewCacheExpressAdapter } from '@viewcache/nestjs/express';
import { cacheView, serveOnExpress } from './nest-app.js';

await serveOnExpress(cacheView({ beforeGuards: true }), new ViewCacheExpressAdapter());
