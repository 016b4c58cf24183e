import { isThenable, textOf } from '../base/answer.js';
import { warnOnce } from '../base/process-warning.js';
import type { RemovalListener, RemovalReason } from '../ports/local-store.js';

interface Removal<V> {
  readonly key: string;
  readonly value: V;
  readonly reason: RemovalReason;
}

/** So much of what leaves by the listener's own calls is told in one go: it may store again what it is told of, and so on for ever. */
const MOST_OF_ITS_OWN = 1000;

/** What has left a store and has not been told yet: a listener may call the store, so it is called only when that is at rest. */
export class RemovalQueue<V> {
  readonly #listener: RemovalListener<V>;
  readonly #later: (run: () => void) => void;
  #removals: Removal<V>[] = [];
  #telling = false;
  /** A later turn is to go on. */
  #isLeft = false;

  /** @param later - calls a function in a later turn of the event loop */
  constructor(listener: RemovalListener<V>, later: (run: () => void) => void) {
    this.#listener = listener;
    this.#later = later;
  }

  add(key: string, value: V, reason: RemovalReason): void {
    this.#removals.push({ key, value, reason });
  }

  /** Tells the listener, in order. Called from within the listener it does nothing: the outer call goes on to tell. */
  tell(): void {
    if (this.#telling || this.#isLeft || this.#removals.length === 0) return;
    this.#telling = true;
    const removals = this.#removals;
    const most = removals.length + MOST_OF_ITS_OWN;
    let told = 0;
    // What is added on the way is told, too.
    while (told < removals.length && told < most) this.#tellOf(removals[told++] as Removal<V>);
    this.#removals = removals.slice(told);
    this.#telling = false;
    this.#isLeft = this.#removals.length > 0;
    if (this.#isLeft) this.#later(this.#goOn);
  }

  readonly #goOn = (): void => {
    this.#isLeft = false;
    this.tell();
  };

  #tellOf({ key, value, reason }: Removal<V>): void {
    // Thrown on, it would end the process from the expiry timer, or fail a request that only read.
    try {
      const answer: unknown = this.#listener(key, value, reason);
      if (isThenable(answer)) Promise.resolve(answer).catch(warnOf);
    } catch (error) {
      warnOf(error);
    }
  }
}

function warnOf(error: unknown): void {
  warnOnce(`the function that is told what left memory threw ${textOf(error)}`);
}
