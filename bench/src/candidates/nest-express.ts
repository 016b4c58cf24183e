// Nest on Express, without a cache.
import { BARE, serveOnExpress } from './nest-app.js';

await serveOnExpress(BARE);
