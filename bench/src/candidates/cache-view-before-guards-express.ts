// A hit answered before the guards, on Nest's own adapter for Express.
import { cacheView, serveOnExpress } from './nest-app.js';

await serveOnExpress(cacheView({ beforeGuards: true }));
