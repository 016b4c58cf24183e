// Redis alone, so every answer is read, checked and unpacked. Memory has room for the body, but not for what lies around it:
// were it smaller still, a compressed body would not be unpacked at all.
import { makePayload } from '../payload.js';
import { serveFromRedis } from './redis-app.js';
import { sizeFromArguments } from './serve.js';

await serveFromRedis({ maxBytes: JSON.stringify(makePayload(sizeFromArguments())).length });
