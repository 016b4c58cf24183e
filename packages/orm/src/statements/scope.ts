import { type Condition, conditions } from './conditions.js';
import type { Reference } from './drafts.js';
import type { HeldColumn } from './footprint-types.js';
import type { Tokens } from './tokens.js';

/** What a scope does. */
export type ScopeKind = 'select' | 'values' | 'update' | 'delete' | 'merge' | 'insert';

/** One column that an update sets, by the name of its table where that stands before it. */
export interface Assignment {
  readonly qualifier: string | undefined;
  readonly column: string;
  /** It is set to itself: by what the column is qualified there, `''` where it stands alone. */
  readonly keeps: string | undefined;
}

/** Names of a statement times its tables, before it counts as writing all of them. */
const MOST_LOOKUPS = 10_000;

/** One SELECT, UPDATE … with its own FROM and WHERE: columns in its condition are those of its tables. */
export class Scope {
  readonly references: Reference[] = [];
  readonly assignments: Assignment[] = [];
  /** Tables, derived tables, functions in its FROM. */
  items = 0;
  /** Whether a FROM may come. */
  mayRead = false;
  /** Whether a SET may come. */
  maySet = false;
  /** Whether all that it sets was understood. */
  knowsAssignments = true;
  /** What the next table in a list is: written, or read. */
  isTargeting = false;
  /** Where its condition begins. */
  where: number | undefined;
  /** MySQL's `DELETE a, b FROM …`. */
  targets: string[] | undefined;

  constructor(readonly kind: ScopeKind) {}

  /** What was named so far are targets: the tables follow. */
  takeTargets(): void {
    this.targets = this.references.map(({ table }) => table);
    for (const reference of this.references) reference.isTarget = true;
  }

  /** Tells the references what the text said of them, now that all of it is known. */
  settle(tokens: Tokens, end: number): void {
    if (this.targets !== undefined) this.#settleTargets(this.targets);
    if (this.kind === 'update') this.#settleAssignments();
    // Brackets that do not match make it one that is not understood: what is held does not matter then.
    if (this.where === undefined || !tokens.isClear || tokens.isUnclosed) return;
    for (const condition of conditions(tokens, this.where, end)) {
      const reference = this.#referenceOf(condition);
      if (reference === undefined || reference.isRenamed) continue;
      if (reference.verb === 'insert' || reference.verb === 'upsert') continue;
      const held: HeldColumn = { column: condition.column, values: condition.values };
      reference.held = [...reference.held, held];
    }
  }

  #referenceOf({ qualifier }: Condition): Reference | undefined {
    const [first] = this.references;
    if (qualifier === undefined) return this.items === 1 ? first : undefined;
    const meant = this.references.filter((reference) => reference.qualifier === qualifier);
    return meant.length === 1 ? meant[0] : undefined;
  }

  /** Few enough to look each up among the tables. */
  #isShort(list: readonly unknown[]): boolean {
    return list.length * this.references.length <= MOST_LOOKUPS;
  }

  /** A multi-table DELETE changes the tables that its list names, by their aliases where they have some. */
  #settleTargets(targets: readonly string[]): void {
    // The targets of `DELETE FROM a USING posts AS a` are names of what stands behind USING, where that has them.
    for (const target of this.#isShort(targets) ? this.references.filter(({ isTarget }) => isTarget) : [])
      target.isTarget = this.references.some((other) => !other.isTarget && isNamed(other, target.table));
    const isMeant = (target: string) => this.references.some((reference) => isNamed(reference, target));
    const isKnown = targets.length > 0 && this.#isShort(targets) && targets.every(isMeant);
    for (const reference of this.references)
      if (reference.verb === undefined && (!isKnown || targets.some((target) => isNamed(reference, target))))
        makeWritten(reference, 'delete');
  }

  /** A multi-table UPDATE changes those whose columns it sets; all of them where that is not said. */
  #settleAssignments(): void {
    const written = this.references.filter(({ verb }) => verb === 'update');
    const { assignments } = this;
    const [sole, another] = written;
    if (sole !== undefined && another === undefined && this.knowsAssignments && assignments.length > 0)
      sole.keeps = assignments.every(({ keeps }) => keeps === '' || (keeps !== undefined && isNamed(sole, keeps)));
    const isSaid =
      written.length > 1 &&
      this.#isShort(assignments) &&
      this.knowsAssignments &&
      assignments.every(({ qualifier }) => written.some((reference) => isNamed(reference, qualifier ?? '')));
    const all = this.knowsAssignments ? assignments.map(({ column }) => column) : undefined;
    for (const reference of written) {
      if (!isSaid) {
        reference.columns = all;
        continue;
      }
      const own = assignments.filter(({ qualifier }) => isNamed(reference, qualifier ?? ''));
      if (own.length === 0) reference.verb = undefined;
      else reference.columns = own.map(({ column }) => column);
    }
  }
}

function isNamed({ qualifier, table }: Reference, name: string): boolean {
  const lower = name.toLowerCase();
  return qualifier.toLowerCase() === lower || table.toLowerCase() === lower;
}

function makeWritten(reference: Reference, verb: 'delete'): void {
  reference.verb = verb;
  reference.columns = [];
}
