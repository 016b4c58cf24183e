import type { Outcome } from '../source/outcome.js';
import type { Told } from '../source/told.js';
import type { SequelizeParty } from './party.js';

/** One statement under way on a connection, for all who watch. */
export class ConnectionWatch {
  readonly #connection: object;
  readonly #parties: readonly SequelizeParty[];
  readonly #sql: string;
  readonly #values: unknown;
  readonly #ended: readonly ((() => void) | undefined)[];

  /** In the caller's asynchronous context. */
  constructor(connection: object, parties: Iterable<SequelizeParty>, sql: string, values: unknown) {
    this.#connection = connection;
    this.#parties = [...parties];
    this.#sql = sql;
    this.#values = values;
    this.#ended = this.#parties.map((party) => {
      party.woken();
      return party.source.reading(connection, sql, values);
    });
  }

  /** @param isUndone - the database has taken back the whole transaction */
  tell(outcome: (party: SequelizeParty) => Outcome, isUndone = false): Told {
    const told = this.#parties.flatMap((party, i) => {
      const said = party.source.ran(this.#connection, this.#sql, this.#values, outcome(party));
      if (isUndone) party.source.rolledBack(this.#connection);
      this.#ended[i]?.();
      return said ?? [];
    });
    return told.length < 2 ? told[0] : Promise.all(told).then(() => {});
  }
}
