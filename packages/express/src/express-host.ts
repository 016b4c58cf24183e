import { expressRequests, type ViewHost } from '@viewcache/core/node';
import { watchLayers } from './layers.js';
import type { Request } from './middleware.js';

/** How Express requests are read, and their middleware is known. */
export const expressHost: ViewHost<Request> = {
  ...expressRequests,
  prepare(req) {
    watchLayers(req.app);
    return expressRequests.prepare(req);
  },
};
