export { type Duration, parseDuration } from './base/duration.js';
export { CacheError, ConfigError } from './base/errors.js';
export { InvalidationUnheardError } from './base/store-errors.js';
export { LoadMissingError, NotANumberError, ValueTimeoutError, ValueUnavailableError } from './base/value-errors.js';
export { WarmSourceError } from './base/warm-errors.js';
export { type WriteRefusal, WriteRefusedError } from './base/write-errors.js';
export { relayInvalidations } from './buses/ipc-relay.js';
export type { Cache, CacheHealth, EmitterLike, EventTarget, InvalidateOptions } from './cache/cache.js';
export { createCache } from './cache/create-cache.js';
export { type Caches, createCaches } from './cache/create-caches.js';
export { defaultCache, setDefaultCache } from './cache/default-cache.js';
export type {
  ExplainedCopy,
  ExplainedReason,
  ExplainedRefusal,
  ExplainedResponse,
  Explanation,
  ValueExplanation,
  ValueTarget,
} from './cache/explanation.js';
export { memoized } from './cache/memoize-decorator.js';
export { memoize } from './cache/memoize-default.js';
export { type MemoCalls, type MemoInfo, type Memoized, type MemoResults, memoOf } from './cache/memoized-function.js';
export type { MemoizedOptions } from './cache/memoized-options.js';
export type { BatchReceipt, InvalidationReceipt } from './cache/receipts.js';
export type { ReadThrough, WriteBehind, WriteThrough } from './cache/through-strategies.js';
export type { Loaded, ValueCache, ValueNamespace } from './cache/value-cache.js';
export type { CacheOptions } from './config/cache-options.js';
export type { CompressOptions } from './config/compression.js';
export type { EmitCacheControl, EmitTagLimits, EmitTags } from './config/emission.js';
export type { InputAction, InputMode, WatchedStorage } from './config/input-options.js';
export type { KeyvLike, RedisClientLike } from './config/keyv-like.js';
export type { MemoOptions, MemoResult } from './config/memo-options.js';
export type { PolicyOptions } from './config/policy-option.js';
export type { StoreOptions } from './config/store-option.js';
export type { TlsSettings } from './config/store-settings.js';
export type {
  DeadLetter,
  Found,
  FoundMany,
  JournalOptions,
  QueueOptions,
  ReadThroughOptions,
  WriteBehindOptions,
  WriteInfo,
  WriteThroughOptions,
} from './config/through-option-types.js';
export type {
  AddOptions,
  CacheToken,
  IncrementOptions,
  Key,
  KeyOptions,
  RowOptions,
  SetOptions,
} from './config/value-call-options.js';
export type { ValueOptions } from './config/value-option-types.js';
export type { CacheStatusLevel, FinishedResponse, RequestDirective, ViewOptions } from './config/view-option-types.js';
export { view } from './engine/running-view.js';
export type { Consistency } from './engine/trust.js';
export type { View } from './engine/view.js';
export type { PolicyFactory, PolicyName } from './eviction/policies.js';
export type { CacheControlDirectives } from './http/cache-control-format.js';
export { formatCacheControl } from './http/cache-control-format.js';
export type { ContentCoding } from './http/content-coding.js';
export type { TagField } from './http/tag-field.js';
export { purgeKeys } from './invalidation/emitted-tags.js';
export type { InvalidationTarget, NamespaceTarget } from './invalidation/target.js';
export { isRefresh } from './node/is-refresh.js';
export type { Clock, Timer } from './ports/clock.js';
export type {
  Bypass,
  CacheEvent,
  Dropped,
  Forward,
  Outcome,
  PolicySwitch,
  Refusal,
  RouteCounters,
  WriteOrigin,
} from './ports/event-sink.js';
export type { EvictionPolicy, PolicyLimits } from './ports/eviction-policy.js';
export type { StoreHealth } from './ports/store-health.js';
export type { EvictionStats } from './telemetry/eviction-watch.js';
export type {
  DearLookup,
  FewHits,
  FewHitsReason,
  Finding,
  FullStore,
  NoTtl,
} from './telemetry/findings.js';
export type { CacheListener, CacheStats } from './telemetry/telemetry.js';
export type { AnyFunction } from './values/any-function.js';
export type { Copying } from './values/copying.js';
export type { KeyOf } from './values/loaded.js';
export type { ProducerRun } from './values/producer.js';
export { type RegisterClassOptions, registerClass } from './values/registered-classes.js';
export { calls } from './warming/calls.js';
export { countUrls, type UrlCount } from './warming/count-urls.js';
export { type AccessLogOptions, fromAccessLog, fromSitemap } from './warming/sources.js';
export type { WarmOnStart } from './warming/warm-on-start.js';
export type {
  WarmCalls,
  WarmFields,
  WarmOptions,
  WarmProblem,
  WarmProgress,
  WarmResult,
  WarmServer,
  WarmSource,
  WarmUrl,
} from './warming/warm-types.js';
