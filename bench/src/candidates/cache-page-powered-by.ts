// app.use(cachePage(…)) behind the `x-powered-by` header, which Express sets before any middleware runs.
import { createServer } from 'node:http';
import { makeCachedApp } from './cached-app.js';
import { serve } from './serve.js';

const { app, counters } = makeCachedApp({ poweredBy: true });
serve(createServer(app), counters);
