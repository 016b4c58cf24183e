// A hit answered before Express is entered.
import { makeCachedApp } from './cached-app.js';
import { serve } from './serve.js';
import { createServer } from './viewcache.js';

const { app, counters } = makeCachedApp({ beforeMiddleware: true });
serve(createServer(app), counters);
