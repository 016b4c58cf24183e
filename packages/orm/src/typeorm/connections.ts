import { hearStatus } from '../pg/transaction-status.js';
import { meet, type Party } from '../source/registry.js';
import type { WatchedSource } from '../source/watched-source.js';
import type { QueryRunnerLike } from './typeorm-types.js';

/** Where a runner has the connection that it has had. No WeakMap: there is a runner for each statement, and an entry costs more. */
const slot = Symbol('viewcache.connection');
type Runner = { [slot]?: object };
/** By runner, how `afterCommit` finds each source through it. */
const met = new WeakMap<object, WeakMap<WatchedSource, Party>>();
/** By connection, the sources that hear its transaction status. */
const hearing = new WeakMap<object, WeakSet<WatchedSource>>();

/** The connection that a runner has had, if any. */
export function knownConnection(runner: object): object | undefined {
  return (runner as Runner)[slot];
}

/**
 * The connection of a runner, to which transactions belong: others may have it afterwards. `undefined` where it gets none: the
 * statement will say so, to whoever has asked for it. At once where it is known.
 *
 * @param met - hears of it before any statement can be sent over it, where it is not known yet
 */
export function connectionOf(
  runner: QueryRunnerLike,
  met?: (connection: object) => void,
): object | undefined | Promise<object | undefined> {
  const known = knownConnection(runner);
  if (known !== undefined) return known;
  try {
    return runner.connect().then(
      (connection) => {
        if (typeof connection !== 'object' || connection === null) return undefined;
        (runner as Runner)[slot] = connection;
        met?.(connection);
        return connection;
      },
      () => undefined,
    );
  } catch {
    return undefined;
  }
}

/** `afterCommit` is handed a runner or its manager; a transaction belongs to the connection. */
export function meetRunner(runner: QueryRunnerLike, source: WatchedSource): void {
  const known = met.get(runner) ?? new WeakMap<WatchedSource, Party>();
  const party = known.get(source) ?? {
    get isClosed() {
      return source.isClosed;
    },
    afterCommit: (_: object, tags: readonly string[]) => source.afterCommit(knownConnection(runner), tags),
  };
  // Drivers with one connection have one runner, which is handed out again and again, with another manager each time.
  met.set(runner, known.set(source, party));
  meet(runner, party);
  if (runner.manager !== undefined) meet(runner.manager, party);
}

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
