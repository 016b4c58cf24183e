// Redis with memory in front of it, in the default consistency: what a process has heard of is at most a second old.
import { serveFromRedis } from './redis-app.js';

await serveFromRedis();
