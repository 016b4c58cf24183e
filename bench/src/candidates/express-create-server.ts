// Express without a cache, under our server with Express's prototypes set beforehand.
import { makeApp } from './express-app.js';
import { serve } from './serve.js';
import { createServer } from './viewcache.js';

const { app, counters } = makeApp();
serve(createServer(app), counters);
