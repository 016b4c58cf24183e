// A hit answered before the guards, on Fastify.
import { cacheView, serveOnFastify } from './nest-app.js';

await serveOnFastify(cacheView({ beforeGuards: true }));
