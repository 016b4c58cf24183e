import { meet, type Party } from '../source/registry.js';
import { Replaced } from '../source/replaced.js';
import type { WatchedSource } from '../source/watched-source.js';
import type { HeldClient } from './clients.js';
import type { DatabaseLike } from './drizzle-types.js';

/** One watch of a database; several may have the same source, where databases share a client. */
type Listener = Pick<HeldClient, 'source' | 'scopeOf'>;

/** `transaction` of a database, and of a transaction: what it hands to the app, `afterCommit` is to know. */
const transactions: Replaced<Listener> = new Replaced('transaction', (original, parties) => {
  return function transaction(work, ...more) {
    if (typeof work !== 'function') return original.call(this, work, ...more);
    const known = (tx: DatabaseLike): unknown => {
      const met = new Set<WatchedSource>();
      for (const party of parties) {
        if (party.source.isClosed || met.has(party.source)) continue;
        met.add(party.source);
        attachToTransaction(tx, party);
      }
      return work(tx);
    };
    return original.call(this, known, ...more);
  };
});

/** Lets `afterCommit` find what is open on a database: nothing, and on the transactions that it makes. */
export function attachToDatabase(database: DatabaseLike, { source, scopeOf }: Listener): () => void {
  meet(database, outside(source));
  return transactions.on(database, { source, scopeOf });
}

function attachToTransaction(tx: DatabaseLike, { source, scopeOf }: Listener): void {
  const scope = scopeOf(tx.session?.client as object);
  meet(
    tx,
    partyOf(source, () => scope),
  );
  transactions.on(tx, { source, scopeOf });
}

const outsides = new WeakMap<WatchedSource, Party>();

function outside(source: WatchedSource): Party {
  const party = outsides.get(source) ?? partyOf(source, () => undefined);
  outsides.set(source, party);
  return party;
}

function partyOf(source: WatchedSource, scopeOf: () => object | undefined): Party {
  return {
    get isClosed() {
      return source.isClosed;
    },
    afterCommit: (_, tags) => source.afterCommit(scopeOf(), tags),
  };
}
