export { type EventClass, InvalidateOn, type InvalidateOnOptions } from './events/invalidate-on.js';
export {
  type CacheHealthDetail,
  type CacheHealthOptions,
  ViewCacheHealthIndicator,
} from './health/view-cache-health-indicator.js';
export { CacheInvalidate } from './methods/cache-invalidate.js';
export type { CacheInvalidateOptions } from './methods/cache-invalidate-options.js';
export { CachePut } from './methods/cache-put.js';
export type { CachePutOptions } from './methods/cache-put-options.js';
export { Cacheable, type CacheableDecorator } from './methods/cacheable.js';
export type { CacheableOptions } from './methods/cacheable-options.js';
export { getCacheToken, InjectCache } from './module/cache-tokens.js';
export type { ViewCacheModuleOptions, ViewCacheOptionsFactory } from './module/module-options.js';
export { ViewCache } from './module/view-cache.js';
export { ViewCacheModule } from './module/view-cache-module.js';
export { CacheView } from './views/cache-view.js';
export type { CacheViewOptions } from './views/cache-view-options.js';
export { CacheControl, NeverCache, VaryOn } from './views/field-decorators.js';
export { Observer } from './views/observer.js';
export type { RouteDecorator } from './views/route-decorator.js';
export type { RouteParams } from './warming/fill-path.js';
export { RouteUrls } from './warming/route-urls.js';
export type { WarmAppOnStart } from './warming/warm-app-on-start.js';
export type { Attach, WatchOptions } from './watch/watch-source.js';
