import type { CacheOptions } from '@viewcache/core';

/** The ORMs that processes may read and write by. */
export const ORMS = ['typeorm', 'prisma', 'drizzle'] as const;
export type OrmName = (typeof ORMS)[number];

/** What one process of a fleet is to be. */
export interface Orders {
  readonly orm: OrmName;
  /** Of PostgreSQL. */
  readonly database: string;
  readonly cache: CacheOptions;
  /** How long a handler may take after it has read, and a transaction between two steps. */
  readonly dwellMs: number;
  /** An adapter that is known to be wrong, in place of what the package has. */
  readonly double?: string;
}

/** One write of an ORM, by its name among those of the drivers, or what belongs together. */
export type Step =
  | { readonly write: string; readonly given: readonly unknown[] }
  /** Within a savepoint, which is rolled back where it `fails`. */
  | { readonly steps: readonly Step[]; readonly fails: boolean };

/** What a process is asked to write. */
export interface WriteOrder {
  /** One step by itself; or several in a transaction, which is rolled back where it is to fail. */
  readonly within: 'nothing' | 'transaction' | 'failing transaction';
  readonly steps: readonly Step[];
}
