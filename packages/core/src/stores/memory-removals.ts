import type { RemovalListener, RemovalReason } from '../ports/local-store.js';

interface Removal<V> {
  readonly key: string;
  readonly value: V;
  readonly reason: RemovalReason;
}

/** What has left a store and has not been told yet: a listener may call the store, so it is called only when that is at rest. */
export class RemovalQueue<V> {
  readonly #listener: RemovalListener<V>;
  #removals: Removal<V>[] = [];
  #telling = false;

  constructor(listener: RemovalListener<V>) {
    this.#listener = listener;
  }

  add(key: string, value: V, reason: RemovalReason): void {
    this.#removals.push({ key, value, reason });
  }

  /** Tells the listener, in order. Called from within the listener it does nothing: the outer call goes on to tell. */
  tell(): void {
    if (this.#telling || this.#removals.length === 0) return;
    this.#telling = true;
    // An array's iterator takes in what is added on the way.
    for (const { key, value, reason } of this.#removals) {
      try {
        this.#listener(key, value, reason);
      } catch (error) {
        // Thrown on, it would end the process from the expiry timer, or fail a request that only read.
        process.emitWarning(error instanceof Error ? error : String(error));
      }
    }
    this.#removals = [];
    this.#telling = false;
  }
}
