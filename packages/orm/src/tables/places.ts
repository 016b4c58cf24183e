import type { TableName } from '../statements/footprint-types.js';

/** Where bare names are looked up. */
export interface SearchPath {
  readonly schemas: readonly string[];
  /** The database has said so, of each connection that is watched; `false`: it is what is usual, or what an ORM was told. */
  readonly isSure: boolean;
}

/** What a name may mean, by the keys of {@link Places}. */
export interface Found {
  readonly keys: readonly string[];
  /** It may be a table of another place, too, which nobody has described. */
  readonly isOpen: boolean;
}

/** Where PostgreSQL has what one connection has made for itself: it is in front of all that is in the search path. */
const TEMPORARY = /^pg_temp(?:_\d+)?$/;

/** Knows which of the tables and views that were described a name means. */
export class Places {
  readonly #path: SearchPath;
  readonly #fold: (name: string) => string;
  /** By name alone, the keys under which something was described. */
  readonly #byName = new Map<string, Set<string>>();
  readonly #described = new Set<string>();
  #isMoving = false;

  constructor(path: SearchPath, fold: (name: string) => string) {
    this.#fold = fold;
    this.#path = { ...path, schemas: path.schemas.map(fold) };
  }

  /** The schema that bare names are looked up in first. */
  get first(): string | undefined {
    return this.#path.schemas[0];
  }

  /** Whether a connection looks bare names up where {@link SearchPath} says. */
  get isSure(): boolean {
    return this.#path.isSure && !this.#isMoving;
  }

  /** A connection has another search path from now on. */
  move(): void {
    this.#isMoving = true;
  }

  /** What stands for a name in maps, as it was written: with its schema, or without one. */
  keyOf({ table, schema }: TableName): string {
    return schema === undefined ? this.#fold(table) : `${this.#fold(schema)}\0${this.#fold(table)}`;
  }

  /** Notes that something has this name. */
  add(name: TableName): void {
    const key = this.keyOf(name);
    const table = this.#fold(name.table);
    this.#described.add(key);
    this.#byName.set(table, (this.#byName.get(table) ?? new Set()).add(key));
  }

  remove(name: TableName): void {
    const key = this.keyOf(name);
    this.#described.delete(key);
    this.#byName.get(this.#fold(name.table))?.delete(key);
  }

  /** Whether something was described by this name, schema or none included. */
  has(key: string): boolean {
    return this.#described.has(key);
  }

  /** All that was described by a name, in whichever schema. */
  named(table: string): readonly string[] {
    return [...(this.#byName.get(this.#fold(table)) ?? [])];
  }

  /** Where a schema stands in the search path: bare names first, and last what is not in it. */
  rank(schema: string | undefined): number {
    if (schema === undefined) return -1;
    return this.isOnPath(schema) ? this.#path.schemas.indexOf(this.#fold(schema)) : this.#path.schemas.length;
  }

  isOnPath(schema: string | undefined): boolean {
    return schema !== undefined && this.#path.schemas.includes(this.#fold(schema));
  }

  /** The one name by which somebody who describes something means it: of a bare one, what the search path leads to. */
  home({ table, schema }: TableName): string {
    if (schema !== undefined) return this.keyOf({ table, schema });
    return this.#onPath(table) ?? this.keyOf({ table, schema });
  }

  find({ table, schema }: TableName): Found {
    return schema === undefined || TEMPORARY.test(schema) ? this.#findBare(table) : this.#findIn(table, schema);
  }

  #findBare(table: string): Found {
    const own = this.keyOf({ table, schema: undefined });
    if (this.isSure) return { keys: [this.#onPath(table) ?? own], isOpen: false };
    // An ORM that has described it so has meant by it what the statement means.
    if (!this.#isMoving && this.#described.has(own)) return { keys: [own], isOpen: false };
    const keys = this.named(table);
    return { keys: keys.length > 0 ? keys : [own], isOpen: true };
  }

  #findIn(table: string, schema: string): Found {
    const key = this.keyOf({ table, schema });
    const own = this.keyOf({ table, schema: undefined });
    if (this.#described.has(key) || !this.#described.has(own)) return { keys: [key], isOpen: false };
    // What was described without a schema is in this one, or may be.
    if (this.#fold(schema) === this.first) return { keys: [own], isOpen: false };
    return { keys: this.isSure ? [key] : [key, own], isOpen: false };
  }

  /** The first of the search path that has a bare name; what was described without a schema is in front of all. */
  #onPath(table: string): string | undefined {
    const keys = [undefined, ...this.#path.schemas].map((schema) => this.keyOf({ table, schema }));
    return keys.find((key) => this.#described.has(key));
  }
}
