/** The token of what a module has made, whatever a test puts in the place of `CACHE_MANAGER`. */
export const MANAGER: unique symbol = Symbol('viewcache.manager');
