/** Whether the load asks for one URL again and again, or for a new one each time. */
export type Path = 'hit' | 'miss';

/** What answers the requests: one file in `candidates/`, run in a process of its own. */
export interface Candidate {
  /** How the table calls it. */
  label: string;
  /** What the server is made with; a cache on Express is compared with bare Express on the same kind of server. */
  server: 'node:http' | 'app.listen' | 'createServer';
  /** Answers a URL it has answered before without running the handler. */
  caches: boolean;
  paths: readonly Path[];
}

export type CandidateName =
  | 'raw'
  | 'express'
  | 'express-powered-by'
  | 'express-create-server'
  | 'cache-page'
  | 'cache-page-powered-by'
  | 'cache-page-create-server'
  | 'cache-page-before-middleware'
  | 'apicache'
  | 'route-cache';

const HIT = ['hit'] as const;
const BOTH = ['hit', 'miss'] as const;

/** In the order of the table. */
export const CANDIDATES: Readonly<Record<CandidateName, Candidate>> = {
  raw: { label: 'raw `node:http` writing the same bytes', server: 'node:http', caches: false, paths: HIT },
  express: { label: 'bare Express', server: 'app.listen', caches: false, paths: BOTH },
  'express-powered-by': {
    label: 'bare Express, `x-powered-by` on',
    server: 'app.listen',
    caches: false,
    paths: HIT,
  },
  'express-create-server': {
    label: 'bare Express, `createServer(app)`',
    server: 'createServer',
    caches: false,
    paths: BOTH,
  },
  'cache-page': { label: '**cachePage**', server: 'app.listen', caches: true, paths: BOTH },
  'cache-page-powered-by': {
    label: '**cachePage**, `x-powered-by` on',
    server: 'app.listen',
    caches: true,
    paths: HIT,
  },
  'cache-page-create-server': {
    label: '**cachePage**, `createServer(app)`',
    server: 'createServer',
    caches: true,
    paths: BOTH,
  },
  'cache-page-before-middleware': {
    label: '**cachePage**, `createServer(app)`, `beforeMiddleware`',
    server: 'createServer',
    caches: true,
    paths: BOTH,
  },
  apicache: { label: 'apicache 1.6.3', server: 'app.listen', caches: true, paths: BOTH },
  'route-cache': { label: 'route-cache 0.7.1', server: 'app.listen', caches: true, paths: BOTH },
};

/** The uncached Express that a candidate is compared with on the miss path: the one on the same kind of server. */
export function bareExpressFor(name: CandidateName): CandidateName {
  return CANDIDATES[name].server === 'createServer' ? 'express-create-server' : 'express';
}
