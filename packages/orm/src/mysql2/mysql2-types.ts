/** Any function, whatever it takes: overloads of `mysql2` differ by version, and what is called is called as it was. */
type AnyFunction = (...given: never[]) => unknown;

/** A connection of `mysql2`, of a pool or not. */
export interface Mysql2ConnectionLike {
  query: AnyFunction;
  execute: AnyFunction;
  prepare: AnyFunction;
  on: AnyFunction;
}

/** A pool of `mysql2`. */
export interface Mysql2PoolLike {
  query: AnyFunction;
  execute: AnyFunction;
  getConnection: AnyFunction;
  on: AnyFunction;
}

/** A cluster of pools. */
export interface Mysql2ClusterLike {
  of: AnyFunction;
  add: AnyFunction;
  getConnection: AnyFunction;
}

/** The same three with promises, of `mysql2/promise`: each has the one with callbacks inside. */
export type Mysql2PromiseLike =
  | { readonly connection: Mysql2ConnectionLike }
  | { readonly pool: Mysql2PoolLike }
  | { readonly poolCluster: Mysql2ClusterLike };

/** The module itself: what `import mysql from 'mysql2'` gives. */
export interface Mysql2ModuleLike {
  readonly Connection: { readonly prototype: object };
  createPool: AnyFunction;
  createPoolCluster: AnyFunction;
}

/** The same with what its types leave out. */
export interface ModuleInside {
  readonly Connection: { readonly prototype: object };
  readonly Pool: { readonly prototype: object };
}

/** A connection, as far as a watch looks into it. */
export interface ConnectionLike {
  /** How the server has greeted; `undefined` or `null` until it has. */
  readonly _handshakePacket?: { readonly statusFlags?: number } | null;
  /** The command that is under way, and those that wait for it. */
  readonly _command?: EndingLike | null;
  readonly _commands?: { toArray?(): readonly EndingLike[] };
  readonly config?: { readonly namedPlaceholders?: unknown; readonly queryFormat?: unknown };
  readonly stream?: {
    once(event: 'close', listener: () => void): unknown;
    off(event: 'close', listener: () => void): unknown;
  };
}

/** A command, as far as its end is heard. */
interface EndingLike {
  once(event: 'end', listener: () => void): unknown;
}

/** What hears the answer to a statement. */
export type ResultCallback = (error: unknown, rows?: unknown, fields?: unknown) => void;

/** A statement under way: what `query` and `execute` return. */
export interface CommandLike {
  sql?: string;
  values?: unknown;
  parameters?: unknown;
  statement?: { readonly query?: unknown };
  onResult?: ResultCallback;
  once(event: 'end', listener: () => void): unknown;
  on(event: 'result' | 'fields', listener: (given: unknown) => void): unknown;
  emit(event: string, ...given: unknown[]): boolean;
}

/** What the server answers to a statement that returns no rows. */
export interface Header {
  readonly affectedRows: number;
  readonly insertId?: unknown;
  readonly serverStatus?: number;
}

/** A column of a result. */
export interface Field {
  readonly name?: string;
  /** In its table; empty for what is computed. */
  readonly orgName?: string;
}
