/** What tells of messages: `process` in a worker. */
export interface MessageSource {
  on(event: 'message', listener: (message: unknown) => void): unknown;
  off(event: 'message', listener: (message: unknown) => void): unknown;
}

interface Ear {
  readonly listeners: Set<(message: unknown) => void>;
  readonly hear: (message: unknown) => void;
}

const ears = new WeakMap<MessageSource, Ear>();

/**
 * Listens to messages with one listener of the source's, however many listen here: an app may have more caches than Node
 * thinks an emitter should have listeners.
 *
 * @returns ends it
 */
export function listenTo(source: MessageSource, listener: (message: unknown) => void): () => void {
  const ear = ears.get(source) ?? open(source);
  ear.listeners.add(listener);
  return () => {
    if (!ear.listeners.delete(listener) || ear.listeners.size > 0) return;
    ears.delete(source);
    source.off('message', ear.hear);
  };
}

function open(source: MessageSource): Ear {
  const listeners: Ear['listeners'] = new Set();
  const hear = (message: unknown): void => {
    for (const listener of listeners) listener(message);
  };
  const ear = { listeners, hear };
  ears.set(source, ear);
  source.on('message', hear);
  return ear;
}
