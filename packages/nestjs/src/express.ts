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
  type ListedFragment,
} from '@viewcache/core/node';
export { ViewCacheExpressAdapter } from './adapter/express-adapter.js';
