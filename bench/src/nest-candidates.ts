import type { Candidate } from './candidate.js';

export type NestCandidateName =
  | 'nest-express'
  | 'cache-interceptor-express'
  | 'cache-view-express'
  | 'cache-view-adapter'
  | 'cache-view-before-guards-express'
  | 'cache-view-before-guards-adapter'
  | 'nest-fastify'
  | 'cache-interceptor-fastify'
  | 'cache-view-fastify'
  | 'cache-view-before-guards-fastify';

const HIT = ['hit'] as const;
const EXPRESS = { server: 'Nest on Express', paths: HIT, guards: 'each' } as const;
const FASTIFY = { server: 'Nest on Fastify', paths: HIT, guards: 'each' } as const;

/** What the suite `nest` measures, in the order of the table. */
export const NEST_CANDIDATES: Readonly<Record<NestCandidateName, Candidate>> = {
  'nest-express': { ...EXPRESS, label: 'bare Nest on Express', caches: false },
  'cache-interceptor-express': { ...EXPRESS, label: 'CacheInterceptor on Express', caches: true },
  'cache-view-express': { ...EXPRESS, label: '**@CacheView** on Express', caches: true },
  'cache-view-adapter': { ...EXPRESS, label: '**@CacheView**, `ViewCacheExpressAdapter`', caches: true },
  'cache-view-before-guards-express': {
    ...EXPRESS,
    label: '**@CacheView** on Express, `beforeGuards`',
    caches: true,
    guards: 'none',
  },
  'cache-view-before-guards-adapter': {
    ...EXPRESS,
    label: '**@CacheView**, `ViewCacheExpressAdapter`, `beforeGuards`',
    caches: true,
    guards: 'none',
  },
  'nest-fastify': { ...FASTIFY, label: 'bare Nest on Fastify', caches: false },
  'cache-interceptor-fastify': { ...FASTIFY, label: 'CacheInterceptor on Fastify', caches: true },
  'cache-view-fastify': { ...FASTIFY, label: '**@CacheView** on Fastify', caches: true },
  'cache-view-before-guards-fastify': {
    ...FASTIFY,
    label: '**@CacheView** on Fastify, `beforeGuards`',
    caches: true,
    guards: 'none',
  },
};

/** The CacheInterceptor on the same platform as a candidate; none beside what is not of Nest. */
export function interceptorFor({ server }: Candidate): NestCandidateName | undefined {
  if (server === 'Nest on Express') return 'cache-interceptor-express';
  return server === 'Nest on Fastify' ? 'cache-interceptor-fastify' : undefined;
}
