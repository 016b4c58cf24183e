// The CacheInterceptor of @nestjs/cache-manager 12 with its memory store, on Express.
import { CACHE_MANAGER, serveOnExpress } from './nest-app.js';

await serveOnExpress(CACHE_MANAGER);
