import type { Reference } from './drafts.js';
import type { Scope } from './scope.js';

/** What is expected next in a bracket, or in the statement itself. */
export const Mode = {
  /** Its first word tells what it is. */
  start: 0,
  /** Anything that names no table outside of brackets. */
  expression: 1,
  /** In a FROM and its like, a table. */
  table: 2,
  /** Behind one: an alias, a join, another one. */
  afterTable: 3,
  /** Behind SET and its commas: a column. */
  assignment: 4,
  afterAssignment: 5,
  /** In a WITH: a name, what stands before its AS, its query, what follows that. */
  cteName: 6,
  cteHead: 7,
  cteBody: 8,
  cteNext: 9,
} as const;

const NONE: readonly string[] = [];

/** A bracket of a statement, or the whole of it. */
export class Block {
  mode: number = Mode.start;
  /** Whose tables and condition stand in it. */
  scope: Scope | undefined;
  /** Whether it is a query of its own, and not a part of a FROM. */
  ownsScope = false;
  /** In a FROM: a derived table or joins. */
  isInFrom = false;
  /** Behind UNION and its like, or the head of an INSERT: a query must follow. */
  wantsQuery = false;
  /** What is called with it. */
  callee = '';
  /** The table that an INSERT of this block writes. */
  insert: Reference | undefined;
  /** The name that this query has in a WITH. */
  cte: string | undefined;
  /** Names of WITH that are visible in it. */
  #visible: string[] | undefined;
  /** The name that is being read in its WITH. */
  pending = '';
  isRecursive = false;
  /** In SEARCH or CYCLE of a WITH: commas part columns. */
  isSearching = false;

  get visible(): readonly string[] {
    return this.#visible ?? NONE;
  }

  show(name: string): void {
    this.#visible ??= [];
    this.#visible.push(name);
  }
}
