// @CacheView() on Fastify.
import { cacheView, serveOnFastify } from './nest-app.js';

await serveOnFastify(cacheView());
