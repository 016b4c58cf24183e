import type { TableName } from '../statements/footprint-types.js';
import { changedWith } from './closure.js';
import { tableTag } from './names.js';
import type { Change, Reference, Table, TableFacts } from './table.js';

/** What a function or a procedure of the database touches. */
export interface Touched {
  readonly reads: readonly TableName[];
  readonly writes: readonly TableName[];
}

/** What is known of a data source beside its tables. */
export interface MapSettings {
  /** In front of all tags: where tables of one name in several databases are watched for one cache. */
  readonly namespace?: string | undefined;
  /** Schemas in which names without one are looked up. */
  readonly searchPath?: readonly string[] | undefined;
  /** The primary key of tables of which nobody has told one. @defaultValue none */
  readonly pk?: readonly string[] | undefined;
  /** Letter case does not matter in names: MySQL's `lower_case_table_names`. */
  readonly isCaseless?: boolean | undefined;
}

/** Tables that nobody has described are remembered up to here: temporary ones may have any name. */
const UNKNOWN_TABLES = 1_000;

/** The tables of one data source: what names in statements mean, which tags stand for them, and what changes with them. */
export class TableMap {
  readonly #namespace: string | undefined;
  readonly #searchPath: readonly string[];
  readonly #pk: readonly string[];
  readonly #fold: (name: string) => string;
  /** By schema and name. */
  readonly #tables = new Map<string, Table>();
  /** The described ones by name alone. */
  readonly #named = new Map<string, Table[]>();
  readonly #referring = new Map<string, Reference[]>();
  /** What stands for other tables: a view for those that it reads, a partition for the whole. */
  readonly #aliases = new Map<string, readonly TableName[]>();
  readonly #functions = new Map<string, Touched>();
  readonly #triggers = new Map<string, readonly TableName[]>();
  readonly #closures = new Map<Table, Partial<Record<Change, readonly Table[]>>>();
  #strangers = 0;
  #isPathMoving = false;

  constructor({ namespace, searchPath = [], pk = [], isCaseless = false }: MapSettings = {}) {
    this.#namespace = namespace;
    this.#pk = pk;
    this.#fold = isCaseless ? (name) => name.toLowerCase() : (name) => name;
    this.#searchPath = searchPath.map(this.#fold);
  }

  /** True once something was described. */
  get isDescribed(): boolean {
    return this.#named.size > 0;
  }

  /** Whether a name is that of a table that was described, or of what stands for others. */
  isDescribedAs(name: TableName): boolean {
    const found = this.#search(name);
    return this.#aliases.has(found) || this.#tables.get(found)?.isKnown === true;
  }

  /** Every table that was described or met. */
  all(): Iterable<Table> {
    return this.#tables.values();
  }

  /** A statement has changed the search path of a connection: from now on a bare name may mean the table in any schema. */
  pathMoves(): void {
    this.#isPathMoving = true;
  }

  /** Tables that somebody knows: what is told of one later counts where the first has left it open. */
  describe(facts: readonly TableFacts[]): void {
    for (const { name: given, schema, pk, referredBy, mayActUnseen } of facts) {
      const name = this.#fold(given);
      const key = this.#key(name, schema);
      const before = this.#tables.get(key);
      const known = before?.isKnown === true ? before : undefined;
      const table = this.#make(name, schema, {
        pk: [known?.pk, pk].find((each) => each !== undefined && each.length > 0) ?? this.#pk,
        mayActUnseen: (known?.mayActUnseen ?? false) || mayActUnseen === true,
        isKnown: true,
      });
      this.#tables.set(key, table);
      this.#named.set(name, [...(this.#named.get(name) ?? []).filter((other) => other.tag !== table.tag), table]);
      if (referredBy !== undefined) this.#refer(key, referredBy);
    }
    this.#closures.clear();
  }

  /** A view, a partition, a synonym: whoever reads or writes it reads or writes these. */
  stands(name: TableName, tables: readonly TableName[]): void {
    this.#aliases.set(this.#key(name.table, name.schema), tables);
    this.#closures.clear();
  }

  /** Triggers on a table write these. */
  triggers(name: TableName, writes: readonly TableName[]): void {
    const key = this.#key(name.table, name.schema);
    this.#triggers.set(key, [...(this.#triggers.get(key) ?? []), ...writes]);
    this.#closures.clear();
  }

  /** Calling a function, by its name without a schema, does this. */
  calls(name: string, touched: Touched): void {
    this.#functions.set(name, touched);
  }

  /** The tables that a name in a statement may mean: one, but for a view over several, and a bare name in several schemas. */
  of(name: TableName): readonly Table[] {
    if (name.schema !== undefined || !this.#isPathMoving) return this.#resolve(name, 0);
    const everywhere = (this.#named.get(this.#fold(name.table)) ?? []).map(({ schema }) => ({
      table: name.table,
      schema,
    }));
    return [...new Set([name, ...everywhere].flatMap((each) => this.#resolve(each, 0)))];
  }

  /** Whether a table is called so itself, and not what stands for it. */
  isNamed(table: Table, name: string): boolean {
    return table.name === this.#fold(name);
  }

  /** The described tables, and what stands for some, among names of which nobody knows what they are. */
  among(names: ReadonlySet<string>): readonly Table[] {
    const found = new Set<Table>();
    for (const name of names) {
      for (const table of this.#named.get(this.#fold(name)) ?? []) found.add(table);
      const bare = { table: name, schema: undefined };
      if (this.#aliases.has(this.#key(name, undefined))) for (const table of this.of(bare)) found.add(table);
    }
    return [...found];
  }

  /** What the functions among these names touch. */
  called(names: ReadonlySet<string>): readonly Touched[] {
    if (this.#functions.size === 0) return [];
    return [...names].flatMap((name) => this.#functions.get(name) ?? []);
  }

  /** The tables that the database changes along with one: by foreign keys and triggers, as far as these lead. */
  changedWith(table: Table, change: Change): readonly Table[] {
    const known = this.#closures.get(table) ?? {};
    if (known[change] !== undefined) return known[change];
    const found = changedWith(table, change, {
      referringTo: ({ name, schema }) =>
        (this.#referring.get(this.#key(name, schema)) ?? []).flatMap((reference) =>
          this.#resolve(reference.from, 0).map((from) => ({ table: from, reference })),
        ),
      triggeredBy: ({ name, schema }) =>
        (this.#triggers.get(this.#key(name, schema)) ?? []).flatMap((written) => this.#resolve(written, 0)),
    });
    known[change] = found;
    if (table.isKnown) this.#closures.set(table, known);
    return found;
  }

  /** Whether a statement that has changed no row of a table may have changed something all the same. */
  mayActUnseen({ name, schema, mayActUnseen }: Table): boolean {
    return mayActUnseen || this.#triggers.has(this.#key(name, schema));
  }

  /** Whether what a name stands for has triggers of its own: those of a view act in its place, and change no row of it. */
  hasTriggers(name: TableName): boolean {
    return this.#triggers.size > 0 && this.#triggers.has(this.#search(name));
  }

  #resolve(name: TableName, depth: number): readonly Table[] {
    const found = this.#search(name);
    const stands = this.#aliases.get(found);
    // A view of views; one that is made of itself stands for itself in the end.
    if (stands !== undefined && depth < 32) return stands.flatMap((each) => this.#resolve(each, depth + 1));
    return [this.#tables.get(found) ?? this.#meet(name)];
  }

  /** A bare name is that of the first schema of the search path that has one. */
  #search({ table, schema }: TableName): string {
    if (schema === undefined) {
      for (const each of this.#searchPath) {
        const key = this.#key(table, each);
        if (this.#tables.get(key)?.isKnown === true || this.#aliases.has(key)) return key;
      }
    }
    return this.#key(table, schema);
  }

  #meet({ table: name, schema }: TableName): Table {
    const table = this.#make(name, schema, { pk: this.#pk, mayActUnseen: false, isKnown: false });
    if (this.#strangers >= UNKNOWN_TABLES) return table;
    this.#strangers++;
    this.#tables.set(this.#key(name, schema), table);
    return table;
  }

  #make(given: string, schema: string | undefined, facts: Pick<Table, 'pk' | 'mayActUnseen' | 'isKnown'>): Table {
    const name = this.#fold(given);
    const tag = tableTag(name, this.#outer(schema), this.#namespace);
    return { name, schema, tag, bulkTag: `${tag}!bulk`, insertTag: `${tag}!ins`, ...facts };
  }

  #refer(key: string, references: readonly Reference[]): void {
    const known = this.#referring.get(key) ?? [];
    const others = known.filter(
      ({ from }) => !references.some((each) => each.from.table === from.table && each.from.schema === from.schema),
    );
    this.#referring.set(key, [...others, ...references]);
  }

  /** The schema where it is not the one that bare names are looked up in first. */
  #outer(given: string | undefined): string | undefined {
    const schema = given === undefined ? undefined : this.#fold(given);
    return schema === this.#searchPath[0] ? undefined : schema;
  }

  #key(name: string, schema: string | undefined): string {
    const outer = this.#outer(schema);
    return outer === undefined ? this.#fold(name) : `${outer}\0${this.#fold(name)}`;
  }
}
