import { createRequire } from 'node:module';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { rowsOf } from './surroundings.js';

// Run as a process of its own, with `express` or `express4`: OpenTelemetry puts itself around Express as it is loaded.
new NodeTracerProvider().register();
const requestHeaders = ['cookie', 'user-agent', 'authorization'];
registerInstrumentations({
  instrumentations: [
    new HttpInstrumentation({ headersToSpanAttributes: { server: { requestHeaders } } }),
    new ExpressInstrumentation(),
  ],
});
const load = createRequire(import.meta.url);
const rows = await rowsOf({
  express: load(process.argv[2] === 'express4' ? 'express4' : 'express'),
  cookieParser: load('cookie-parser'),
  session: load('express-session'),
  passport: load('passport'),
});
const { __wrapped: isTraced } = load('node:http').Server.prototype.emit;
console.log(JSON.stringify({ rows, isTraced }));
process.exit();
