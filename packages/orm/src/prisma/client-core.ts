import { ConfigError } from '@viewcache/core';
import { wrongTarget } from '../source/wrong-target.js';
import type { Dialect } from '../statements/footprint-types.js';
import type { AdapterFactory, ClientCore } from './prisma-types.js';

const DIALECTS: Readonly<Record<string, Dialect>> = { postgres: 'postgres', mysql: 'mysql', sqlite: 'sqlite' };

/** A client, as far as a watch can reach into it. */
export interface ReachedClient {
  readonly core: ClientCore;
  readonly factory: AdapterFactory;
  readonly dialect: Dialect;
}

/**
 * Reaches what no public way leads to: the adapter of a client that is made already, and the call of each operation below all
 * extensions. Where one of them is missing nothing is watched by half: it is said at once.
 */
export function reach(client: unknown): ReachedClient {
  const given = (typeof client === 'object' ? client : undefined) as
    | { readonly _originalClient?: ClientCore }
    | null
    | undefined;
  const core = given?._originalClient;
  if (core === undefined) throw wrongTarget('watchPrisma', client, ALLOWED);
  const parts: readonly unknown[] = [core._engineConfig?.inlineSchema, core._runtimeDataModel?.models];
  const methods = [core._executeRequest, core._createItxClient, core._engine?.start, core._engine?.transaction];
  if (parts.includes(undefined) || methods.some((method) => typeof method !== 'function'))
    throw new ConfigError(
      'watchPrisma',
      client,
      `${ALLOWED}: this version has other insides than those that are known`,
    );
  const { adapter: factory } = core._engineConfig;
  if (typeof factory?.connect !== 'function')
    throw new ConfigError('watchPrisma', client, `${ALLOWED}: writes through Accelerate cannot be told apart`);
  const dialect = DIALECTS[factory.provider];
  if (dialect === undefined)
    throw new ConfigError('watchPrisma', factory.provider, `a client for ${Object.keys(DIALECTS).join(', ')}`);
  return { core, factory, dialect };
}

const ALLOWED = 'a PrismaClient of Prisma 7 that was made with a driver adapter';
