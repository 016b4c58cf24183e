// The parts that races are made of, by their built files: they are no public names, and their wrong variants stand here.
export { Invalidator } from '../../../packages/core/dist/cache/invalidator.js';
export { frameCodec } from '../../../packages/core/dist/codecs/frame.js';
export type { CacheKey } from '../../../packages/core/dist/engine/cache-key.js';
export { Engine } from '../../../packages/core/dist/engine/engine.js';
export type { Answer, Flight, Visitor } from '../../../packages/core/dist/engine/flight.js';
export { type Candidate, Lead } from '../../../packages/core/dist/engine/lead.js';
export type { LocalItem } from '../../../packages/core/dist/engine/local-item.js';
export type { SharedLevel } from '../../../packages/core/dist/engine/shared-level.js';
export { Trust } from '../../../packages/core/dist/engine/trust.js';
export { type RequestFields, VariantIndex } from '../../../packages/core/dist/engine/variants.js';
export { selectingValue } from '../../../packages/core/dist/http/vary.js';
export { RetryQueue } from '../../../packages/core/dist/invalidation/retry-queue.js';
export { TagTable } from '../../../packages/core/dist/invalidation/tag-table.js';
export { tagsOf } from '../../../packages/core/dist/invalidation/target.js';
export { MemoryStore } from '../../../packages/core/dist/stores/memory.js';
export { Telemetry } from '../../../packages/core/dist/telemetry/telemetry.js';
export { assertFor, SOAK } from '../../../packages/core/dist/testing/races.test.support.js';
