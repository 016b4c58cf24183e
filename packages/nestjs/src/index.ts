export { getCacheToken, InjectCache } from './module/cache-tokens.js';
export type { ViewCacheModuleOptions, ViewCacheOptionsFactory } from './module/module-options.js';
export { ViewCache } from './module/view-cache.js';
export { ViewCacheModule } from './module/view-cache-module.js';
export { CacheView } from './views/cache-view.js';
export type { CacheViewOptions } from './views/cache-view-options.js';
export { CacheControl, NeverCache, VaryOn } from './views/field-decorators.js';
export { Observer } from './views/observer.js';
export type { RouteDecorator } from './views/route-decorator.js';
