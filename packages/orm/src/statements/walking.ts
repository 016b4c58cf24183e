import type { Block } from './block.js';
import type { Reference } from './drafts.js';
import type { TableName, WriteVerb } from './footprint-types.js';
import type { Scope, ScopeKind } from './scope.js';
import type { Tokens } from './tokens.js';

/** A walk through a statement, as those see it who read a part of it. */
export interface Walking {
  readonly tokens: Tokens;
  readonly references: Reference[];
  /** The block that is being read. */
  readonly block: Block;
  /** A table is named by a parameter. */
  isOpaque: boolean;

  /** Something stands where it is not expected. */
  fail(): void;

  /** Notes a table that is named outside of any list of tables. */
  note(name: TableName, verb: WriteVerb | undefined): Reference;

  /** Whether a name is that of a query in a WITH. */
  isCte(name: TableName): boolean;

  /** Begins a query in the block that is being read. */
  enter(kind: ScopeKind): Scope;

  /** The query of a block ends before this token. */
  settle(block: Block, at: number): void;
}
