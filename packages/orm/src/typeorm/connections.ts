import { hearStatus } from '../pg/transaction-status.js';
import { partiesOf, type ScopeFinder } from '../source/registry.js';
import type { WatchedSource } from '../source/watched-source.js';
import type { QueryRunnerLike } from './typeorm-types.js';

/** Where a runner has the connection that it has had. No WeakMap: there is a runner for each statement, and an entry costs more. */
const slot = Symbol('viewcache.connection');
type Runner = { [slot]?: object };
/** By connection, the sources that hear its transaction status. */
const hearing = new WeakMap<object, WeakSet<WatchedSource>>();

/** The connection that a runner has had, if any. */
export function knownConnection(runner: object): object | undefined {
  return (runner as Runner)[slot];
}

/**
 * Meets the connection of a runner that has none yet, to which transactions belong: others may have it afterwards. Of one that
 * gets none the statement will say so, to whoever has asked for it.
 *
 * @param met - hears of it before any statement can be sent over it that is sent from now on
 */
export function meetConnection(runner: QueryRunnerLike, met: (connection: object) => void): void {
  try {
    void runner.connect().then(
      (connection) => {
        if (typeof connection !== 'object' || connection === null) return;
        (runner as Runner)[slot] = connection;
        met(connection);
      },
      () => {},
    );
  } catch {
    // The statement will say so, too.
  }
}

/**
 * What `afterCommit` is handed, a runner or its manager, by the connection that its transaction belongs to. To meet each of them
 * would leave an entry of a WeakMap behind for each write, and make every collection of garbage dearer.
 */
export const connectionOfHeld: ScopeFinder = (held) => {
  const { queryRunner = held } = held as { readonly queryRunner?: object };
  const connection = knownConnection(queryRunner ?? held);
  return connection === undefined || partiesOf(connection).length === 0 ? undefined : Promise.resolve(connection);
};

/** Hears from PostgreSQL itself whether a transaction is open on a connection. */
export function hear(connection: object, source: WatchedSource): void {
  const known = hearing.get(connection) ?? new WeakSet();
  if (known.has(source)) return;
  hearing.set(connection, known.add(source));
  hearStatus(
    connection,
    () => source.isOpen(connection),
    (isOpen) => void (source.isClosed || source.stands(connection, isOpen)),
  );
}
