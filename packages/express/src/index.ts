export {
  type EjsLike,
  type EtaLike,
  type ExpressEngine,
  ejsFragments,
  etaFragments,
  type FragmentCache,
  type FragmentOptions,
  type FragmentsMiddleware,
  type FragmentsOptions,
  type FragmentVary,
  fragments,
  fragmentsOf,
  type HandlebarsLike,
  handlebarsFragments,
  type ListedFragment,
  type NunjucksLike,
  nunjucksFragments,
  type PugLike,
  pugFragments,
} from '@viewcache/core/node';
export { type CachePageOptions, cachePage } from './cache-page.js';
export { type ConditionalOptions, conditional } from './conditional.js';
export {
  type CreateServerOptions,
  createServer,
  type ExpressApplication,
  type WarmServerOnStart,
} from './create-server.js';
export type { BeforeMiddleware } from './early.js';
export { loader } from './loader.js';
export type { Middleware } from './middleware.js';
export { cacheControl, neverCache, varyOn } from './response-fields.js';
