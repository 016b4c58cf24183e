// apicache 1.6 with its memory store.
import { createServer } from 'node:http';
import apicache from 'apicache';
import { makeApp } from './express-app.js';
import { serve } from './serve.js';

const { app, counters } = makeApp({ middleware: apicache.middleware('1 hour') });
serve(createServer(app), { ...counters, entries: () => apicache.getIndex().all.length });
