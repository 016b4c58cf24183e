import type { Rows } from './rows.js';

/** What the rows of one writer were from one write of his to the next. */
interface State {
  readonly rows: Rows;
  /** Nobody can have seen it before the write was sent … */
  readonly since: number;
  /** … and everybody sees it, or what comes after it, since the write was acknowledged. */
  readonly acknowledged: number;
}

/** States that are kept: more than there may be while one request is under way. */
const KEPT = 4_000;

/**
 * The history of the rows that one writer writes, one write after the other. Nobody else writes them, and what they were after
 * each write was read in the database itself: so it is known exactly which states a request may have seen.
 */
export class History {
  readonly #states: State[] = [];
  /** When the write that is under way was sent. */
  #sent: number | undefined;

  constructor(rows: Rows) {
    this.#states.push({ rows, since: 0, acknowledged: 0 });
  }

  get rows(): Rows {
    return (this.#states.at(-1) as State).rows;
  }

  /** Up to this moment it is known what requests may have seen. */
  get knownUntil(): number {
    return this.#sent ?? performance.now();
  }

  /** A write is about to be sent. */
  sending(): void {
    this.#sent = performance.now();
  }

  /** It was acknowledged then, and these are the rows since. */
  wrote(rows: Rows, acknowledged: number): void {
    this.#states.push({ rows, since: this.#sent as number, acknowledged });
    this.#sent = undefined;
    if (this.#states.length > KEPT) this.#states.shift();
  }

  /**
   * The states of which a request may show one: not those that were over for so long when it began, and none that came after
   * its answer.
   */
  during(began: number, ended: number, mayLagMs: number): readonly Rows[] {
    const seen: Rows[] = [];
    for (let i = this.#states.length - 1; i >= 0; i--) {
      const { rows, since, acknowledged } = this.#states[i] as State;
      if (since <= ended) seen.push(rows);
      if (acknowledged <= began - mayLagMs) break;
    }
    return seen;
  }
}
