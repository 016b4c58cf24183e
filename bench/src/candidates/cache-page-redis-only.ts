// Redis alone: memory has room for nothing, so every answer is read, checked and unpacked.
import { serveFromRedis } from './redis-app.js';

await serveFromRedis({ maxBytes: 1 });
