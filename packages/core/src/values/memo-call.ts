import type { Outcome } from './caller.js';
import type { ResultKind } from './memo-results.js';

/** One call of a memoized function that was not answered at once. */
export class MemoCall implements Outcome {
  /** The function has run for it. */
  hasRun = false;
  readonly isNow: boolean;
  /** What the function has returned to it. */
  kind: ResultKind | undefined;
  readonly #onFound: () => void;
  #state: 'open' | 'resolved' | 'rejected' = 'open';
  #value: unknown;
  #waiting: { resolve(value: unknown): void; reject(error: unknown): void } | undefined;

  /**
   * @param usual - what the function returns
   * @param onFound - told of an answer that is no error, and for which the function has not run
   */
  constructor(usual: ResultKind | undefined, onFound: () => void) {
    this.isNow = usual !== 'promise' && usual !== 'stream';
    this.#onFound = onFound;
  }

  resolve(value: unknown): void {
    this.#state = 'resolved';
    this.#value = value;
    if (!this.hasRun) this.#onFound();
    this.#waiting?.resolve(value);
  }

  reject(error: unknown): void {
    this.#state = 'rejected';
    this.#value = error;
    this.#waiting?.reject(error);
  }

  /**
   * What the caller is given: what the function would have, as far as that is known.
   *
   * @param usual - what the function returns
   */
  answer(usual: ResultKind | undefined): unknown {
    const isPromise = (this.kind ?? usual) === 'promise';
    switch (this.#state) {
      case 'open':
        return new Promise((resolve, reject) => {
          this.#waiting = { resolve, reject };
        });
      case 'resolved':
        return isPromise ? Promise.resolve(this.#value) : this.#value;
      case 'rejected':
        if (isPromise) return Promise.reject(this.#value);
        throw this.#value;
    }
  }
}
