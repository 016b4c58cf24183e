// Redis with memory in front of it, and Redis asked before each answer whether the one in memory still holds.
import { serveFromRedis } from './redis-app.js';

await serveFromRedis({ consistency: 'strict' });
