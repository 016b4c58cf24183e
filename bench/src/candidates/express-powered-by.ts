// Express without a cache and with its `x-powered-by` header, as it comes out of the box.
import { createServer } from 'node:http';
import { makeApp } from './express-app.js';
import { serve } from './serve.js';

const { app, counters } = makeApp({ poweredBy: true });
serve(createServer(app), counters);
