/** What comes with every ReadyForQuery: idle, in a transaction, in one that has failed. */
type Status = 'I' | 'T' | 'E';

interface ConnectionLike {
  on(event: 'readyForQuery', listener: (message: { readonly status?: Status }) => void): unknown;
  once(event: 'readyForQuery', listener: () => void): unknown;
}

/** Whether its version of `pg` tells of a client whether it has a transaction open. */
export function tellsTransactions(client: object): boolean {
  return typeof (client as { readonly getTransactionStatus?: unknown }).getTransactionStatus === 'function';
}

/** Whether a client has a transaction open now, as far as its version of `pg` tells. */
export function isInTransaction(client: object): boolean {
  const { getTransactionStatus } = client as { readonly getTransactionStatus?: () => Status | null };
  const status = typeof getTransactionStatus === 'function' ? getTransactionStatus.call(client) : null;
  return status === 'T' || status === 'E';
}

/**
 * Hears when the server has ended what it is at, also where nobody waits for that any more; of a connection that is closed, never.
 */
export function hearEnd(client: object, ended: () => void): void {
  const { connection } = client as { readonly connection?: ConnectionLike };
  if (typeof connection?.once === 'function') connection.once('readyForQuery', ended);
}

/** Hears of each of so many ends from now on. */
export function hearEnds(client: object, count: number, ended: () => void): void {
  if (count < 1) return;
  hearEnd(client, () => {
    hearEnds(client, count - 1, ended);
    ended();
  });
}

/**
 * Hears from a client's connection, after whatever it carried out, whether a transaction is open there: the server's word
 * counts, whatever a text seemed to do.
 *
 * @param isOpen - what is believed
 * @param correct - called where that is wrong, when whoever waited for the statement has heard of it
 */
export function hearStatus(client: object, isOpen: () => boolean, correct: (isOpen: boolean) => void): void {
  const { connection } = client as { readonly connection?: ConnectionLike };
  if (typeof connection?.on !== 'function') return;
  let last = false;
  let isAsked = false;
  connection.on('readyForQuery', ({ status }) => {
    if (status === undefined) return;
    last = status !== 'I';
    if (isAsked || last === isOpen()) return;
    isAsked = true;
    // The statement's own promise settles some microtasks later: it tells better what has happened.
    setImmediate(() => {
      isAsked = false;
      if (last !== isOpen()) correct(last);
    });
  });
}
