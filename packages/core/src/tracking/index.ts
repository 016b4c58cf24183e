export { type ReadReason, readReason } from '../engine/tag-reasons.js';
export type { ReadRefusal } from '../engine/view-refusal.js';
export { nextMoment } from '../engine/view-storage.js';
export type { WriteOrigin } from '../ports/event-sink.js';
export { invalidateFrom } from './invalidate-from.js';
export {
  contextBegan,
  isTracking,
  type Running,
  recordIn,
  recordRead,
  refuseRunning,
  running,
  unrecorded,
} from './record-read.js';
export { watchedBy } from './watched-by.js';
