// The CacheInterceptor of @nestjs/cache-manager 12 with its memory store, on Fastify.
import { CACHE_MANAGER, serveOnFastify } from './nest-app.js';

await serveOnFastify(CACHE_MANAGER);
