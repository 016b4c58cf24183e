import type { WatchedSource } from '../source/watched-source.js';
import { hearEnds, hearStatus, isInTransaction, tellsTransactions } from './transaction-status.js';

/** By client, the sources that hear its transaction status. */
const hearing = new WeakMap<object, WeakSet<WatchedSource>>();

/** Lets a source hear what a client says of its transactions, from now on. */
export function hear(client: object, source: WatchedSource): void {
  const known = hearing.get(client) ?? new WeakSet();
  if (known.has(source)) return;
  hearing.set(client, known.add(source));
  if (isInTransaction(client)) source.joined(client);
  hearStatus(
    client,
    () => source.isOpen(client),
    (isOpen) => void source.stands(client, isOpen),
  );
}

/** What `pg` has of a client; the names without a line are those of older versions. */
interface Queries {
  readonly _activeQuery?: unknown;
  readonly _queryQueue?: readonly unknown[];
  readonly activeQuery?: unknown;
  readonly queryQueue?: readonly unknown[];
}

/** The same of a client that somebody has in his hands already: what he has done with it nobody has seen. */
export function hearInUse(client: object, source: WatchedSource): void {
  const underWay = underWayIn(client);
  // Where nothing else is known, the transaction may begin by what is under way.
  if (underWay > 0) source.joined(client);
  else if (!tellsTransactions(client)) source.mayHaveJoined(client);
  hear(client, source);
  hearEnds(client, underWay, () => void source.endedUnseen());
}

/** How many queries a client has been given that have not ended. */
function underWayIn(client: Queries): number {
  // In newer versions the older names warn whoever asks for them.
  const isNew = '_activeQuery' in client;
  const active = isNew ? client._activeQuery : client.activeQuery;
  const queue = (isNew ? client._queryQueue : client.queryQueue) ?? [];
  return (active ? 1 : 0) + queue.length;
}
