// app.use(cachePage(…)) under our server with Express's prototypes set beforehand.
import { makeCachedApp } from './cached-app.js';
import { serve } from './serve.js';
import { createServer } from './viewcache.js';

const { app, counters } = makeCachedApp();
serve(createServer(app), counters);
