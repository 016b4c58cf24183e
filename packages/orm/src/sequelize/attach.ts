import { connectionIn, findScopesBy, meet } from '../source/registry.js';
import { Replaced } from '../source/replaced.js';
import { ATTACH } from './connections.js';
import type { SequelizeParty } from './party.js';
import type { SequelizeInside } from './sequelize-types.js';

type Meet = (connection: object) => void;

/** What hands out connections. `connect` makes one for the pool: hooks of the app that set it up are heard, too. */
const ways = ['connect', 'getConnection'].map((name) => ({
  name,
  replaced: new Replaced<Meet>(name, (original, meets) => {
    return async function acquire(...given) {
      const connection = (await original.apply(this, given)) as object;
      for (const meetIt of meets) meetIt(connection);
      return connection;
    };
  }),
}));

/** Models and foreign keys that are told of later. */
const TELLING = ['afterDefine', 'afterAssociate'] as const;

let watches = 0;

/**
 * Hears of what a `Sequelize` does, until what it returns is called: each of its connections is watched, by whichever driver.
 *
 * @param changed - models are not what they were
 */
export function attach(sequelize: SequelizeInside, party: SequelizeParty, changed: () => void): () => void {
  const { connectionManager } = sequelize;
  const attachTo = ATTACH[sequelize.getDialect()];
  const met = new Met((connection) => attachTo?.(connection as never, party));
  const name = `viewcache-${++watches}`;
  for (const hook of TELLING) sequelize.addHook(hook, name, changed);
  // Transactions have connections, and what is outside any has none.
  findScopesBy('sequelize', connectionIn);
  meet(sequelize, party.source);
  const ends = ways
    .filter((way) => way.name in connectionManager)
    .map(({ replaced }) => replaced.on(connectionManager, met.meet));
  return () => {
    for (const end of ends) end();
    for (const hook of TELLING) sequelize.removeHook(hook, name);
    met.forgetAll();
  };
}

/** Connections that were met. A pool drops some when they are idle, and nobody else is to hold them. */
class Met {
  readonly #attach: (connection: object) => (() => void) | undefined;
  readonly #stops = new WeakMap<object, () => void>();
  #known: WeakRef<object>[] = [];

  constructor(attachTo: (connection: object) => (() => void) | undefined) {
    this.#attach = attachTo;
  }

  readonly meet: Meet = (connection) => {
    if (this.#stops.has(connection)) return;
    this.#stops.set(connection, this.#attach(connection) ?? (() => {}));
    this.#known = [...this.#known.filter((each) => each.deref() !== undefined), new WeakRef(connection)];
  };

  forgetAll(): void {
    for (const each of this.#known.splice(0)) {
      const connection = each.deref();
      if (connection !== undefined) this.#stops.get(connection)?.();
    }
  }
}
