import { failureOf, outcomeOf } from '../mysql2/outcome-of.js';
import { Replaced } from '../source/replaced.js';
import { statementsOf } from '../statements/dialect-statements.js';
import { ConnectionWatch } from './connection-watch.js';
import type { SequelizeParty } from './party.js';

/** Of rows, their columns. */
interface ColumnLike {
  name(): string;
  orgName(): string;
}

const { footprints } = statementsOf('mysql');

/** `query` of a connection of the `mariadb` driver: the one way by which Sequelize carries anything out. */
const queries: Replaced<SequelizeParty> = new Replaced('query', (original, parties) => {
  return async function query(...given) {
    const [sql, values] = given;
    if (typeof sql !== 'string') return await original.apply(this, given);
    const watch = new ConnectionWatch(this, parties, sql, values);
    let result: unknown;
    try {
      result = await original.apply(this, given);
    } catch (error) {
      await watch.tell(() => failureOf(error), (error as { errno?: unknown }).errno === 1213);
      throw error;
    }
    const fields = columnsOf(result);
    await watch.tell(({ countedKey }) => outcomeOf(result, fields, footprints(sql), countedKey));
    return result;
  };
});

export function attachToMariadb(connection: object, party: SequelizeParty): () => void {
  return queries.on(connection, party);
}

function columnsOf(result: unknown): unknown {
  const { meta } = (result ?? {}) as { readonly meta?: readonly ColumnLike[] };
  return Array.isArray(meta)
    ? meta.map((column: ColumnLike) => ({ name: column.name(), orgName: column.orgName() }))
    : undefined;
}
