// route-cache 0.7 with its memory store.
import { createServer } from 'node:http';
import routeCache from 'route-cache';
import { makeApp } from './express-app.js';
import { serve } from './serve.js';

const { app, counters } = makeApp({ middleware: routeCache.cacheSeconds(3600) });
serve(createServer(app), counters);
