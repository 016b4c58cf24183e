import { ignoreRejection } from '../base/answer.js';
import { ConfigError } from '../base/errors.js';
import { needFunction } from '../config/check.js';
import type { InvalidationTarget } from '../invalidation/target.js';
import type { EventSink } from '../ports/event-sink.js';
import type { EmitterLike, EventTarget } from './cache.js';

/**
 * Invalidates whatever an event names, each time an emitter has it.
 *
 * @param invalidate - is handed what was named
 * @returns a function that stops it
 * @throws {@link ConfigError} for what is no emitter, or no function
 */
export function invalidateOn<Args extends unknown[]>(
  emitter: EmitterLike,
  event: string,
  target: EventTarget<Args>,
  invalidate: (target: InvalidationTarget) => void,
  sink: Pick<EventSink, 'emit'>,
): () => void {
  const isEmitter = typeof emitter?.on === 'function' && typeof emitter.off === 'function';
  if (!isEmitter) throw new ConfigError('invalidateOn', emitter, 'an emitter with on() and off()');
  needFunction('invalidateOn', target, 'a function that returns tags or a target');
  const listener = (...args: Args): void => {
    try {
      const named = target(...args);
      ignoreRejection(named);
      invalidate(asTarget(named));
    } catch (error) {
      // An emitter's other listeners must not suffer; and a failed invalidation is never silent.
      const message = `invalidateOn('${event}') invalidated nothing: ${error instanceof Error ? error.message : error}`;
      sink.emit({ type: 'warning', message });
    }
  };
  emitter.on(event, listener);
  return () => void emitter.off(event, listener);
}

function asTarget(named: string | readonly string[] | InvalidationTarget): InvalidationTarget {
  return typeof named === 'string' || Array.isArray(named) ? { tags: named } : (named as InvalidationTarget);
}
