// The ceiling: bare node:http writing the bytes of a hit, made once, in two calls.
import { createServer } from 'node:http';
import { makePayload } from '../payload.js';
import { serve, sizeFromArguments } from './serve.js';

const body = Buffer.from(JSON.stringify(makePayload(sizeFromArguments())));
const headers = [
  ...['Content-Type', 'application/json; charset=utf-8'],
  ...['Content-Length', String(body.length)],
  ...['ETag', 'W/"7d0-8Ff6xu1hUBDLTFqJZtjUWqJyPfg"'],
  ...['Age', '42'],
  ...['Cache-Status', 'viewcache; hit; ttl=3558'],
];

serve(
  createServer((_req, res) => {
    res.writeHead(200, headers);
    res.end(body);
  }),
  { handlerRuns: () => 0 },
);
