// app.use(cachePage(…)) under the server that `app.listen` makes.
import { createServer } from 'node:http';
import { makeCachedApp } from './cached-app.js';
import { serve } from './serve.js';

const { app, counters } = makeCachedApp();
serve(createServer(app), counters);
