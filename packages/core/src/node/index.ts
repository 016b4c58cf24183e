export { answerOf, ignoreRejection, isThenable, saysTrue, textOf } from '../base/answer.js';
export { nearest } from '../base/near-miss.js';
export { warnOnce } from '../base/process-warning.js';
export { besideDefaultCache, cacheUrl, checkDefaultCache } from '../cache/default-cache.js';
export { importFromApp } from '../cache/driver-package.js';
export { checkMemoOptions, ownOf } from '../cache/memoize.js';
export { attachMemo, putResult } from '../cache/memoized-function.js';
export type { Fit } from '../cache/memoized-options.js';
export { type CacheRuntime, isCache, isFollowing, runtimeOf } from '../cache/runtime.js';
export { type BeforeOption, readBefore } from '../config/before-option.js';
export { CACHE_OPTIONS } from '../config/cache-options.js';
export {
  checkBoolean,
  checkCount,
  checkFunction,
  checkOneOf,
  checkOptions,
  checkStrings,
  isRecord,
} from '../config/check.js';
export { checkVaryNames, NEVER_CONTROL, readDirectives } from '../config/response-fields.js';
export { maskUrl } from '../config/store-url.js';
export { readViewOptions, VIEW_OPTIONS, type ViewPolicy } from '../config/view-options.js';
export type { LocalItem } from '../engine/local-item.js';
export { isEntityTag } from '../http/entity-tag.js';
export { formatHttpDate } from '../http/http-date.js';
export { parseVary } from '../http/vary.js';
export { checkTarget } from '../invalidation/target.js';
export type { AnyFunction } from '../values/any-function.js';
export { standFor } from '../values/memo-origins.js';
export { kindOfFunction } from '../values/memo-results.js';
export { warmOnStart } from '../warming/warm-on-start.js';
export { answerInstead, forbidStoring } from './answer-instead.js';
export type { Dialect } from './dialect.js';
export { earlyWatchOf, watchEarly } from './early-watch.js';
export {
  type ExpressApp,
  type ExpressRequest,
  expressRequests,
  hostBeside,
  hostOf,
  schemeOf,
} from './express-requests.js';
export { type EjsLike, ejsFragments } from './fragments/engines/ejs.js';
export { type EtaLike, etaFragments } from './fragments/engines/eta.js';
export type { ExpressEngine } from './fragments/engines/express-engine.js';
export { type HandlebarsLike, handlebarsFragments } from './fragments/engines/handlebars.js';
export { type NunjucksLike, nunjucksFragments } from './fragments/engines/nunjucks.js';
export { type PugLike, pugFragments } from './fragments/engines/pug.js';
export { type FragmentCache, fragmentsOf } from './fragments/fragment-calls.js';
export type { FragmentOptions, FragmentsOptions, ListedFragment } from './fragments/fragment-options.js';
export type { FragmentVary } from './fragments/fragment-vary.js';
export { type FragmentsMiddleware, fragments } from './fragments/fragments.js';
export { type Guarding, guardOf } from './guarding.js';
export { declareLoader, type InnerLayers, type LayerFunction } from './inner-layers.js';
export { knownServers, knowServer, type ServerFacts } from './known-servers.js';
export { layersOf } from './leading.js';
export { markNever } from './never.js';
export { PlainVisitors } from './plain-visitors.js';
export type { OuterFields } from './response-head.js';
export { paramsBeside, type RoutedRequest } from './route-params.js';
export {
  adoptPrototypes,
  completeShape,
  hasPrototypes,
  type PrototypeOwner,
  type ServerClasses,
} from './server-prototypes.js';
export { isCloneError, neverStore } from './uncloneable.js';
export type { ViewHost } from './view-host.js';
export { type AheadTerms, type EarlyTerms, ViewServer } from './view-server.js';
export { nextSpace, type ViewKind } from './view-space.js';
export type { Front } from './watched-front.js';
export { writeHit } from './write-hit.js';
