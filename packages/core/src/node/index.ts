export { type CacheRuntime, runtimeOf } from '../cache/runtime.js';
export { readViewOptions, VIEW_OPTIONS, type ViewPolicy } from '../config/view-options.js';
export { markNever } from './never.js';
export type { OuterFields } from './response-head.js';
export { hasBody } from './response-head.js';
export { adoptPrototypes, completeShape, type PrototypeOwner, type ServerClasses } from './server-prototypes.js';
export { ViewServer } from './view-server.js';
export type { ViewHost } from './view-visitor.js';
export { writeHit } from './write-hit.js';
