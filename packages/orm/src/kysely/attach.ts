import { Replaced } from '../source/replaced.js';
import type { KyselyParty } from './connection-state.js';
import type { ConnectionLike, DriverLike, KyselyDialect } from './kysely-types.js';
import { askOver } from './watched-connection.js';
import { watchDriver } from './watched-driver.js';

/** The drivers of a dialect: one for each Kysely that is made with it. */
interface Drivers {
  /** The one that was made last, and is not destroyed. */
  latest: DriverLike | undefined;
  /** Made to ask for the tables, before there was any Kysely: the first one gets it. */
  spare: DriverLike | undefined;
}

const known = new WeakMap<object, Drivers>();

const makers: Replaced<KyselyParty> = new Replaced('createDriver', (original) => {
  return function createDriver() {
    const drivers = driversOf(this);
    const { spare } = drivers;
    drivers.spare = undefined;
    if (spare !== undefined) return spare;
    const driver = original.apply(this, []) as DriverLike;
    watchDriver(
      driver,
      // Those of a later watch, too.
      () => [...(makers.partiesOf(this) ?? [])],
      () => {
        if (drivers.latest === driver) drivers.latest = undefined;
      },
    );
    drivers.latest = driver;
    return driver;
  };
});

/** Hears of what the drivers of a dialect do, until what it returns is called. */
export function attach(dialect: KyselyDialect, party: KyselyParty): () => void {
  return makers.on(dialect, party);
}

/** Asks the database of a dialect, heard by nobody. */
export async function ask(dialect: KyselyDialect, sql: string): Promise<{ readonly rows: readonly object[] }> {
  const driver = driverOf(dialect);
  await driver.init();
  const connection: ConnectionLike = await driver.acquireConnection();
  try {
    return await askOver(connection, sql);
  } finally {
    await driver.releaseConnection(connection);
  }
}

function driverOf(dialect: KyselyDialect): DriverLike {
  const drivers = driversOf(dialect);
  if (drivers.latest !== undefined) return drivers.latest;
  const made = dialect.createDriver() as DriverLike;
  drivers.spare = made;
  return made;
}

function driversOf(dialect: object): Drivers {
  const drivers = known.get(dialect) ?? { latest: undefined, spare: undefined };
  known.set(dialect, drivers);
  return drivers;
}
