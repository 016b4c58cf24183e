export { getCacheToken, InjectCache } from './module/cache-tokens.js';
export type { ViewCacheModuleOptions, ViewCacheOptionsFactory } from './module/module-options.js';
export { ViewCache } from './module/view-cache.js';
export { ViewCacheModule } from './module/view-cache-module.js';
