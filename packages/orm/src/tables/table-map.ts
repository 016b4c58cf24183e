import type { TableName } from '../statements/footprint-types.js';
import { changedWith } from './closure.js';
import { inOrder, keyOfBoth, referredTo, setsAny } from './key-columns.js';
import type { MapSettings } from './map-settings.js';
import { type Found, Places } from './places.js';
import { SCOPINGS, type Scoping, spellingsOf, unplaced } from './spelling.js';
import type { Change, ConflictClause, Reference, Table, TableFacts } from './table.js';

/** What a function or a procedure of the database touches. */
export interface Touched {
  readonly reads: readonly TableName[];
  readonly writes: readonly TableName[];
  /** It makes or changes tables. */
  readonly redefines?: boolean;
}

/** What there is to a table beside its name. */
type Known = Omit<Table, 'name' | 'schema' | 'spellings'>;

const NONE: readonly Table[] = [];
const NO_CLAUSES: ReadonlySet<ConflictClause> = new Set();

/** Tables that nobody has described are remembered up to here: temporary ones may have any name. */
const UNKNOWN_TABLES = 1_000;

/** The tables of one data source: what names in statements mean, which tags stand for them, and what changes with them. */
export class TableMap {
  readonly #namespace: string | undefined;
  readonly #scoping: Scoping;
  readonly #pk: readonly string[];
  readonly #fold: (name: string) => string;
  readonly #onStranger: ((name: TableName) => void) | undefined;
  readonly #places: Places;
  /** By the keys of places, as all that follow. */
  readonly #tables = new Map<string, Table>();
  readonly #referring = new Map<string, readonly Reference[]>();
  /** What stands for other tables: a view for those that it reads, a partition for the whole. */
  readonly #aliases = new Map<string, readonly TableName[]>();
  /** Names of them, without a schema. */
  readonly #standing = new Set<string>();
  readonly #triggers = new Map<string, readonly TableName[]>();
  readonly #asked = new Map<string, readonly TableName[]>();
  readonly #functions = new Map<string, Touched>();
  readonly #closures = new Map<Table, Partial<Record<Change, readonly Table[]>>>();
  /** Of a table, the one that stands for it where a bare name may mean another one, too. */
  readonly #unplaced = new Map<Table, Table>();
  /** By schema and name, what {@link of} has found: statements name the same tables again and again. */
  readonly #found = new Map<string | undefined, Map<string, readonly Table[]>>();
  #strangers = 0;

  constructor(settings: MapSettings = {}) {
    const { namespace, speaks = 'postgres', path, pk = [], isCaseless = false } = settings;
    this.#namespace = namespace;
    this.#scoping = SCOPINGS[speaks];
    this.#pk = inOrder(pk);
    this.#onStranger = settings.onStranger;
    this.#fold = isCaseless ? (name) => name.toLowerCase() : (name) => name;
    this.#places = new Places(path ?? { schemas: [], isSure: false }, this.#fold);
  }

  /** Whether a name is that of a table that was described, or of what stands for others. */
  isDescribedAs(name: TableName): boolean {
    return this.#places.find(name).keys.some((key) => this.#places.has(key));
  }

  /** Every table that was described or met. */
  all(): Iterable<Table> {
    return this.#tables.values();
  }

  /** A statement has changed the search path of a connection: from now on a bare name may mean the table in any schema. */
  pathMoves(): void {
    this.#places.move();
    this.#forget();
  }

  /** Tables that somebody knows: what is told of one later counts where the first has left it open. */
  describe(facts: readonly TableFacts[]): void {
    const inOrder = [...facts].sort((a, b) => this.#places.rank(a.schema) - this.#places.rank(b.schema));
    for (const each of inOrder) this.#describe(each);
    for (const { name, schema } of facts) if (schema === this.#scoping.usual) this.#respell(name);
    this.#unplaced.clear();
    this.#forget();
  }

  /** A view, a partition, a synonym: whoever reads or writes it reads or writes these. */
  stands(name: TableName, tables: readonly TableName[]): void {
    this.#settle(name);
    const key = this.#places.home(name);
    this.#aliases.set(key, tables);
    this.#standing.add(this.#nameOf(key).table);
    this.#places.add(this.#nameOf(key));
    this.#forget();
  }

  /** Triggers on a table write these. */
  triggers(name: TableName, writes: readonly TableName[]): void {
    const key = this.#places.home(name);
    this.#triggers.set(key, [...(this.#triggers.get(key) ?? []), ...writes]);
    this.#closures.clear();
  }

  /** Who reads a table reads these, too: policies decide by them which rows there are. */
  asks(name: TableName, others: readonly TableName[]): void {
    const key = this.#places.home(name);
    this.#asked.set(key, [...(this.#asked.get(key) ?? []), ...others]);
  }

  /** Calling a function, by its name without a schema, does this. */
  calls(name: string, touched: Touched): void {
    this.#functions.set(name, touched);
  }

  /** The tables that a name in a statement may mean: one, but for a view over several, and a bare name in several schemas. */
  of(name: TableName): readonly Table[] {
    const { table, schema } = name;
    const known = this.#found.get(schema)?.get(table);
    const tables = known ?? this.#resolve(name, 0);
    if (this.#onStranger !== undefined && tables.every(({ isKnown }) => !isKnown)) this.#onStranger(name);
    // Beyond that a stranger is made anew each time.
    if (known === undefined && this.#strangers < UNKNOWN_TABLES) {
      const named = this.#found.get(schema) ?? new Map<string, readonly Table[]>();
      this.#found.set(schema, named.set(table, tables));
    }
    return tables;
  }

  /** Whether a table is called so itself, and not what stands for it, be it by the same name in another schema. */
  isNamed(table: Table, name: TableName): boolean {
    const folded = this.#fold(name.table);
    if (table.name !== folded) return false;
    return !this.#standing.has(folded) || !this.#places.find(name).keys.some((key) => this.#aliases.has(key));
  }

  /** Whether a statement that sets these columns may set one that others refer to, so that the database changes theirs. */
  setsReferred(table: Table, columns: readonly string[] | undefined): boolean {
    const references = this.#referring.get(this.#keyOf(table)) ?? [];
    return references.some(({ onUpdate, to }) => onUpdate !== 'none' && setsAny(referredTo(table, to), columns));
  }

  /** The described tables, and what stands for some, among names of which nobody knows what they are. */
  among(names: ReadonlySet<string>): readonly Table[] {
    const found = new Set<Table>();
    for (const name of names) {
      const keys = this.#places.named(name);
      if (keys.length === 0) continue;
      const { isOpen } = this.#places.find({ table: name, schema: undefined });
      for (const table of this.#expand({ keys, isOpen }, name, 0)) found.add(table);
    }
    return [...found];
  }

  /** Whether somebody has told what a function touches, be it nothing. */
  knowsFunction(name: string): boolean {
    return this.#functions.has(name);
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
      referringTo: (of) =>
        (this.#referring.get(this.#keyOf(of)) ?? []).flatMap((reference) =>
          this.#resolve(reference.from, 0).map((from) => ({ table: from, reference })),
        ),
      setsReferred: (of, columns) => this.setsReferred(of, columns),
      triggeredBy: (of) => (this.#triggers.get(this.#keyOf(of)) ?? []).flatMap((written) => this.#resolve(written, 0)),
    });
    known[change] = found;
    if (table.isKnown) this.#closures.set(table, known);
    return found;
  }

  /** The tables that are read together with one, whoever reads it. */
  readWith(table: Table): readonly Table[] {
    if (this.#asked.size === 0) return NONE;
    const found = new Set([table]);
    for (const each of found)
      for (const other of this.#asked.get(this.#keyOf(each)) ?? [])
        for (const asked of this.#resolve(other, 0)) found.add(asked);
    found.delete(table);
    return [...found];
  }

  /** Whether a statement that has changed no row of a table may have changed something all the same. */
  mayActUnseen(table: Table): boolean {
    return table.mayActUnseen || this.#triggers.has(this.#keyOf(table));
  }

  /** Whether it is known that a statement does to the rows of a table what it says, and nothing else. */
  actsAsSaid(table: Table): boolean {
    return table.actsAsSaid && !this.mayActUnseen(table);
  }

  /** Whether what a name stands for has triggers of its own: those of a view act in its place, and change no row of it. */
  hasTriggers(name: TableName): boolean {
    if (this.#triggers.size === 0) return false;
    return this.#places.find(name).keys.some((key) => this.#triggers.has(key)) || this.writtenInPlace(name).length > 0;
  }

  /** The tables that triggers write which act in place of what a name stands for: a view, or one that it is made of. */
  writtenInPlace(name: TableName): readonly Table[] {
    if (this.#triggers.size === 0 || this.#aliases.size === 0) return NONE;
    const seen = new Set<string>();
    const written = new Set<Table>();
    const names = [name];
    for (const each of names) {
      for (const key of this.#places.find(each).keys) {
        const stands = this.#aliases.get(key);
        if (stands === undefined || seen.has(key)) continue;
        seen.add(key);
        names.push(...stands);
        for (const other of this.#triggers.get(key) ?? [])
          for (const table of this.#resolve(other, 0)) written.add(table);
      }
    }
    return [...written];
  }

  /** Names mean something else than before. */
  #forget(): void {
    this.#closures.clear();
    this.#found.clear();
  }

  #resolve(name: TableName, depth: number): readonly Table[] {
    return this.#expand(this.#places.find(name), name.table, depth);
  }

  #expand({ keys, isOpen }: Found, name: string, depth: number): readonly Table[] {
    const tables = keys.flatMap((key): readonly Table[] => {
      const stands = this.#aliases.get(key);
      // A view of views; one that is made of itself stands for itself in the end.
      if (stands !== undefined && depth < 32) return stands.flatMap((each) => this.#resolve(each, depth + 1));
      return [this.#tables.get(key) ?? this.#meet(this.#nameOf(key))];
    });
    if (!isOpen) return [...new Set(tables)];
    const named = tables.filter((table) => table.name === this.#fold(name));
    // What is bare in tags stands for all of its name; the only one may be made bare.
    const bare = named.length === 1 ? named[0] : named.find(({ spellings: { tag, bare: short } }) => tag === short);
    const opened = this.#open(bare ?? this.#meet({ table: name, schema: undefined }));
    return [...new Set([opened, ...tables.filter((table) => table !== bare)])];
  }

  /** One that stands for a table, and for another one of its name that nobody has described. */
  #open(table: Table): Table {
    if (!table.spellings.isPlaced) return table;
    const known = this.#unplaced.get(table);
    if (known !== undefined) return known;
    const spellings = unplaced(table.spellings, this.#scoping);
    const opened = { ...table, spellings, actsAsSaid: false };
    if (this.#tables.get(this.#keyOf(table)) === table) this.#unplaced.set(table, opened);
    return opened;
  }

  #describe(facts: TableFacts): void {
    const { name, schema, referredBy, mayActUnseen } = facts;
    this.#settle({ table: name, schema });
    const key = this.#places.home({ table: name, schema });
    const before = this.#tables.get(key);
    const known = before?.isKnown === true ? before : undefined;
    this.#put(key, {
      ...keyOfBoth(known, facts, this.#pk),
      mayActUnseen: known?.mayActUnseen === true || mayActUnseen === true,
      actsAsSaid: known?.actsAsSaid === true || mayActUnseen === false,
      isLasting: known?.isLasting === true || facts.isLasting === true,
      conflicts: facts.conflicts ?? known?.conflicts ?? NO_CLAUSES,
      mayRekey: known?.mayRekey === true || facts.mayRekey === true,
      mayCutKeys: known?.mayCutKeys === true || facts.mayCutKeys === true,
      isKnown: true,
    });
    this.#places.add(this.#nameOf(key));
    if (referredBy !== undefined) this.#refer(key, referredBy);
  }

  /** The usual schema has one of its name: that of the first schema is no longer called by the bare one. */
  #respell(name: string): void {
    const key = this.#places.keyOf({ table: name, schema: this.#places.first });
    const table = this.#tables.get(key);
    if (table !== undefined && this.#places.first !== this.#scoping.usual) this.#put(key, table);
  }

  /** What was described without a schema is in the first one of the search path that has it: this one. */
  #settle(name: TableName): void {
    if (!this.#places.isOnPath(name.schema)) return;
    const bare = { table: name.table, schema: undefined };
    const [from, to] = [this.#places.keyOf(bare), this.#places.keyOf(name)];
    if (!this.#places.has(from)) return;
    const [table, stands] = [this.#tables.get(from), this.#aliases.get(from)];
    if (table !== undefined) this.#put(to, table);
    if (stands !== undefined) this.#aliases.set(to, stands);
    this.#refer(to, this.#referring.get(from) ?? []);
    const triggered = this.#triggers.get(from);
    if (triggered !== undefined) this.triggers(name, triggered);
    for (const map of [this.#tables, this.#referring, this.#aliases, this.#triggers]) map.delete(from);
    this.#places.remove(bare);
    this.#places.add(name);
  }

  #meet(name: TableName): Table {
    const key = this.#places.keyOf(name);
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    const facts: Known = {
      pk: this.#pk,
      keySaidBy: undefined,
      mayActUnseen: false,
      actsAsSaid: false,
      isLasting: false,
      conflicts: NO_CLAUSES,
      mayRekey: false,
      mayCutKeys: false,
      isKnown: false,
    };
    if (this.#strangers >= UNKNOWN_TABLES) return this.#make(key, facts);
    this.#strangers++;
    return this.#put(key, facts);
  }

  #put(key: string, facts: Known): Table {
    const table = this.#make(key, facts);
    this.#tables.set(key, table);
    return table;
  }

  #make(key: string, facts: Known): Table {
    const { table: name, schema } = this.#nameOf(key);
    const { first, isSure } = this.#places;
    const isOutshone = this.#places.has(this.#places.keyOf({ table: name, schema: this.#scoping.usual }));
    const place = { schema, first, isSure, isOutshone };
    const spellings = spellingsOf(name, place, this.#scoping, this.#namespace);
    return { ...facts, name, schema, spellings };
  }

  #refer(key: string, references: readonly Reference[]): void {
    const known = this.#referring.get(key) ?? [];
    const others = known.filter(
      ({ from }) => !references.some((each) => each.from.table === from.table && each.from.schema === from.schema),
    );
    this.#referring.set(key, [...others, ...references]);
  }

  #keyOf({ name, schema }: Table): string {
    return this.#places.keyOf({ table: name, schema });
  }

  #nameOf(key: string): TableName {
    const at = key.indexOf('\0');
    return at < 0 ? { table: key, schema: undefined } : { table: key.slice(at + 1), schema: key.slice(0, at) };
  }
}
