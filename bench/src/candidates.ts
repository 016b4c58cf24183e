import type { Candidate } from './candidate.js';
import { NEST_CANDIDATES, type NestCandidateName } from './nest-candidates.js';

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
  | 'route-cache'
  | 'cache-page-redis'
  | 'cache-page-redis-strict'
  | 'cache-page-redis-only'
  | 'nest-cache-manager'
  | 'apicache-redis'
  | 'bentocache'
  | 'cacheable'
  | NestCandidateName;

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
  'cache-page-redis': {
    label: '**cachePage**, memory before Redis, `createServer(app)`',
    server: 'createServer',
    caches: true,
    paths: HIT,
    redis: 'seldom',
  },
  'cache-page-redis-strict': {
    label: "**cachePage**, the same with `consistency: 'strict'`",
    server: 'createServer',
    caches: true,
    paths: HIT,
    redis: 'each',
  },
  'cache-page-redis-only': {
    label: '**cachePage**, Redis only (no room in memory), `createServer(app)`',
    server: 'createServer',
    caches: true,
    paths: HIT,
    redis: 'each',
  },
  bentocache: {
    label: 'bentocache 1.6.1, memory before Redis',
    server: 'app.listen',
    caches: true,
    paths: HIT,
    redis: 'seldom',
  },
  cacheable: {
    label: 'cacheable 2.5.0, memory before Redis (@keyv/redis 5.1.6)',
    server: 'app.listen',
    caches: true,
    paths: HIT,
    redis: 'seldom',
  },
  'nest-cache-manager': {
    label: '@nestjs/cache-manager 12.0.0 with @keyv/redis 5.1.6, Redis only',
    server: 'app.listen',
    caches: true,
    paths: HIT,
    redis: 'each',
  },
  'apicache-redis': {
    label: 'apicache 1.6.3 with redis 3.1.2, Redis only',
    server: 'app.listen',
    caches: true,
    paths: HIT,
    redis: 'each',
  },
  ...NEST_CANDIDATES,
};

const BARE: Readonly<Record<Candidate['server'], CandidateName>> = {
  'node:http': 'express',
  'app.listen': 'express',
  createServer: 'express-create-server',
  'Nest on Express': 'nest-express',
  'Nest on Fastify': 'nest-fastify',
};

/** The uncached framework that a candidate is compared with: the one on the same kind of server. */
export function bareFor(name: CandidateName): CandidateName {
  return BARE[CANDIDATES[name].server];
}

/** Whether a candidate caches with viewcache, and so says in `Cache-Status` what it did. */
export function isOurs(name: CandidateName): boolean {
  return name.startsWith('cache-page') || name.startsWith('cache-view');
}
