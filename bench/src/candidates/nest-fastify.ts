// Nest on Fastify, without a cache.
import { BARE, serveOnFastify } from './nest-app.js';

await serveOnFastify(BARE);
