// Express without a cache.
import { createServer } from 'node:http';
import { makeApp } from './express-app.js';
import { serve } from './serve.js';

const { app, counters } = makeApp();
serve(createServer(app), counters);
