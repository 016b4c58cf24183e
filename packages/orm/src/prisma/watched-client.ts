import type { Cache } from '@viewcache/core';
import { isTracking, refuseRunning, unrecorded } from '@viewcache/core/tracking';
import { meet } from '../source/registry.js';
import { Replaced } from '../source/replaced.js';
import type { WatchedSource } from '../source/watched-source.js';
import type { Dialect } from '../statements/footprint-types.js';
import { isReading, readsOf } from './arg-reads.js';
import { beginItx, beginning, scopeOfItx } from './contexts.js';
import type { Models } from './models.js';
import type { ClientCore, Operation } from './prisma-types.js';
import { rawOf } from './raw-calls.js';

/** Who hears of the calls of a client. */
export interface ClientParty {
  readonly source: WatchedSource;
  readonly models: Models;
  readonly dialect: Dialect;
  /** Holds the tables of models that name no schema. */
  schema(): string | undefined;
  /** Whether what the client sends is heard, too. */
  isHeard(): boolean;
  /** The client is used: it connects now, if it has not. */
  woken(): Promise<void> | undefined;
  /** Something was written that nobody has heard. */
  missed(said: string): void;
}

type Execute = (this: object, operation: Operation) => Promise<unknown>;

const requests: Replaced<ClientParty> = new Replaced('_executeRequest', (original, parties) => {
  const execute = original as unknown as Execute;
  return function request(given) {
    const operation = given as Operation;
    const woken: Promise<void>[] = [];
    for (const party of parties) {
      const waking = party.woken();
      if (waking !== undefined) woken.push(waking);
    }
    // Calls of one turn are to stay calls of one turn: Prisma sends them together.
    if (woken.length === 0) return run(execute, this, operation, parties);
    return Promise.all(woken).then(() => run(execute, this, operation, parties));
  };
});

const clients: Replaced<ClientParty> = new Replaced('_createItxClient', (original, parties) => {
  return function createItxClient(...given) {
    const client = original.apply(this, given) as object;
    const { id } = given[0] as { readonly id: unknown };
    for (const { source } of parties) meetAs(client, source, () => scopeOfItx(id));
    return client;
  };
});

const transactions: Replaced<ClientParty> = new Replaced('transaction', (original, parties) => {
  return async function transaction(...given) {
    const [action, , options] = given as [string, unknown, { readonly newTxId?: unknown }?];
    // With an id it is a savepoint in a transaction that is known.
    if (parties.size === 0 || action !== 'start' || options?.newTxId !== undefined) return original.apply(this, given);
    const asked: { scope: object | undefined } = { scope: undefined };
    const started = (await beginning.run(asked, () => original.apply(this, given))) as { readonly id: unknown };
    if (asked.scope !== undefined) beginItx(started.id, asked.scope);
    return started;
  };
});

/** Hears of what a client is called for, by whatever is made of it with `$extends`. */
export function attachToClient(core: ClientCore, client: object, party: ClientParty): () => void {
  for (const each of [core, client]) meetAs(each, party.source, () => undefined);
  const stops = [requests.on(core, party), clients.on(core, party), transactions.on(core._engine, party)];
  return () => {
    for (const stop of stops) stop();
  };
}

/** Lets `afterCommit` find the transaction that an object of the app stands for. */
function meetAs(object: object, source: WatchedSource, scopeOf: () => object | undefined): void {
  meet(object, {
    get isClosed() {
      return source.isClosed;
    },
    afterCommit: (_, tags) => source.afterCommit(scopeOf(), tags),
  });
}

function run(
  execute: Execute,
  client: object,
  operation: Operation,
  parties: ReadonlySet<ClientParty>,
): Promise<unknown> {
  const told: Cache[] = [];
  const ends: (() => void)[] = [];
  const isTracked = isTracking();
  for (const party of parties) {
    if (!party.isHeard()) {
      if (isTracked) refuseRunning('older-snapshot');
      if (!isReading(operation.action)) ends.push(() => party.missed(saidOf(operation)));
    } else if (isTracked && tell(party, operation, ends)) told.push(party.source.cache);
  }
  // Its statements may go out with those of others, in the context of any of them.
  const result =
    told.length === 0 ? execute.call(client, operation) : unrecorded(told, () => execute.call(client, operation));
  return ends.length === 0
    ? result
    : result.finally(() => {
        for (const end of ends) end();
      });
}

function saidOf({ clientMethod }: Operation): string {
  return `prisma.${clientMethod}()`;
}

/**
 * Tells what a call reads, in the context of who calls: what it sends may go out with the calls of others, in the context of
 * any of them.
 *
 * @returns whether that is known
 */
function tell({ source, models, dialect, schema }: ClientParty, operation: Operation, ends: (() => void)[]): boolean {
  const { action, model: name, args, transaction } = operation;
  const scope = transaction?.kind === 'itx' ? scopeOfItx(transaction.id) : undefined;
  const model = name === undefined ? undefined : models.get(name);
  const raw = name === undefined ? rawOf(args, dialect) : undefined;
  if (model === undefined && raw === undefined) return false;
  let end: (() => void) | undefined;
  if (model !== undefined) {
    const { reads, parameters } = readsOf(model, action, args, schema());
    end = source.readingTables(scope, reads, parameters, saidOf(operation));
  } else if (raw !== undefined) end = source.reading(scope ?? {}, raw.sql, raw.values);
  if (end !== undefined) ends.push(end);
  return true;
}
