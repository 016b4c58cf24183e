import type { Outcome } from '../source/outcome.js';
import type { Told } from '../source/told.js';
import type { WatchedSource } from '../source/watched-source.js';

/** Who hears of a statement. */
export interface Listener {
  readonly source: WatchedSource;
}

/** One statement under way, for all who watch. */
export class StatementWatch<P extends Listener> {
  readonly #scope: object;
  readonly #parties: readonly P[];
  readonly #sql: string;
  readonly #parameters: unknown;
  readonly #ended: readonly ((() => void) | undefined)[];

  /** In the caller's asynchronous context. */
  constructor(scope: object, parties: readonly P[], sql: string, parameters: unknown) {
    this.#scope = scope;
    this.#parties = parties;
    this.#sql = sql;
    this.#parameters = parameters;
    this.#ended = parties.map(({ source }) => source.reading(scope, sql, parameters));
  }

  /**
   * Carries it out, and tells what came of it before its caller goes on.
   *
   * @param done - what it came to, for each who watches
   */
  async settled<T>(
    work: () => Promise<T>,
    done: (result: T, party: P) => Outcome,
    failed: (error: unknown) => Outcome,
  ): Promise<T> {
    let result: T;
    try {
      result = await work();
    } catch (error) {
      const outcome = failed(error);
      await this.tell(() => outcome);
      throw error;
    }
    await this.tell((party) => done(result, party));
    return result;
  }

  /** It has ended. */
  tell(outcome: (party: P) => Outcome): Told {
    const told = this.#parties.map((party) =>
      party.source.ran(this.#scope, this.#sql, this.#parameters, outcome(party)),
    );
    for (const end of this.#ended) end?.();
    return all(told);
  }
}

/** Waits for each that there is to be waited for. */
export function all(told: readonly Told[]): Told {
  const waited = told.filter((each) => each !== undefined);
  return waited.length < 2 ? waited[0] : Promise.all(waited).then(() => {});
}
