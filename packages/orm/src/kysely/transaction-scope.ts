import type { ConnectionLike } from './kysely-types.js';

interface KyselyLike {
  getExecutor(): { provideConnection(consumer: (connection: ConnectionLike) => Promise<unknown>): Promise<unknown> };
}

/** The connection of a transaction, to which all that is written in it belongs; of a Kysely, one that is free. */
export function connectionOf(held: object): Promise<object> | undefined {
  const { getExecutor } = held as Partial<KyselyLike>;
  if (typeof getExecutor !== 'function') return undefined;
  const executor = (held as KyselyLike).getExecutor();
  if (typeof executor?.provideConnection !== 'function') return undefined;
  return executor.provideConnection(async (connection) => connection) as Promise<object>;
}
