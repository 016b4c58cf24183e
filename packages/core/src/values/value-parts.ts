import type { Engine } from '../engine/engine.js';
import type { LocalItem } from '../engine/local-item.js';
import type { TagTable } from '../invalidation/tag-table.js';
import type { Clock } from '../ports/clock.js';
import type { EventSink } from '../ports/event-sink.js';
import type { HeldValue } from '../ports/stored-response.js';
import type { ValueCodec } from '../ports/value-codec.js';
import { adopt } from './copies.js';
import type { KeptErrors } from './kept-errors.js';
import { thenableIn } from './thenables.js';

/** What values stand on: the engine of the views, and what makes bytes of a value. */
export interface ValueParts {
  readonly engine: Engine;
  readonly tags: TagTable;
  readonly clock: Clock;
  readonly sink: EventSink;
  readonly codec: ValueCodec;
  readonly errors: KeptErrors;
  /** Nothing is looked up, nothing that is made is kept, nobody waits for another: the store is off, or paused. */
  readonly isOff: boolean;
  /** Has the values of these tags be gone, here at once. */
  purge(tags: readonly string[]): Promise<unknown>;
  /** Keeps the process until what it returns is called: nothing else does where all there is to wait for is a store, or a timer. */
  keep(): () => void;
  /** Whether reads are tracked where a call says nothing of it. */
  readonly tracksReads: boolean;
  /** Tells, once, of something that its user would want to know and no caller sees. */
  warn(message: string): void;
}

/** The value of something that is stored; `undefined` where its bytes are none of ours. */
export function valueIn({ codec, sink, engine, warn }: ValueParts, item: LocalItem): HeldValue | undefined {
  if (item.held !== undefined) return item.held;
  const { body, key } = item.stored;
  let reason: 'damaged' | 'class' = 'damaged';
  const decoded = codec.decode(body, (name) => {
    reason = 'class';
    // Whoever can write to the store has written the name.
    warn(
      `a stored value holds an instance of class ${JSON.stringify(name.slice(0, 60))}, which this process does not know: call registerClass before the first read`,
    );
  });
  // Its class, or what decodes it, has got a `then` since it was stored.
  const thenable = decoded === undefined ? undefined : thenableIn(decoded.value);
  if (thenable !== undefined) {
    reason = 'class';
    warn(`what is stored cannot be handed out: ${thenable}`);
  }
  if (decoded === undefined || thenable !== undefined) {
    sink.emit({ type: 'unreadable', key, reason });
    return undefined;
  }
  const held = adopt(decoded.value);
  engine.values.hold(item, held);
  return held;
}
