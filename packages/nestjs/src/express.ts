export { ViewCacheExpressAdapter } from './adapter/express-adapter.js';
