import type { HeldColumn, Operand, ReadTable } from '../statements/footprint-types.js';
import type { Model, Relation } from './models.js';
import { schemaBetween } from './table-facts.js';

/** What one call of a model reads, and the values that its held columns name. */
export interface ArgReads {
  readonly reads: readonly ReadTable[];
  readonly parameters: readonly unknown[];
}

/** Calls that write, and tell no more than how many rows, or what they have written. All others return rows of before. */
const UNREAD = new Set(['create', 'createMany', 'updateMany', 'deleteMany']);

/** Calls that read; all others write. */
const READING = new Set([
  'findUnique',
  'findUniqueOrThrow',
  'findFirst',
  'findFirstOrThrow',
  'findMany',
  'count',
  'aggregate',
  'groupBy',
]);

type Node = Readonly<Record<string, unknown>>;

/** Whether a call, by its name, only reads. */
export function isReading(action: string): boolean {
  return READING.has(action);
}

/**
 * What a call reads, by what the app has asked for. Statements do not tell: those of several calls, of different requests, are
 * sent as one.
 *
 * @param schema - holds the tables of models that name none
 */
export function readsOf(model: Model, action: string, args: unknown, schema: string | undefined): ArgReads {
  const walk = new Walk(schema);
  const given = nodeOf(args);
  if (isReading(action)) walk.root(model, given);
  // The row has more columns than the call has written, and may have another key than the call has named.
  else if (!UNREAD.has(action)) walk.any(model);
  walk.args(model, given, !UNREAD.has(action));
  return walk;
}

class Walk implements ArgReads {
  readonly reads: ReadTable[] = [];
  readonly parameters: unknown[] = [];
  readonly #schema: string | undefined;

  constructor(schema: string | undefined) {
    this.#schema = schema;
  }

  /** A row that a cursor begins at counts, whatever the condition says. */
  root(model: Model, args: Node): void {
    this.#table(model.table, model.schema, args['cursor'] == null ? this.#held(model, args['where']) : []);
  }

  /** Any row. */
  any(model: Model): void {
    this.#table(model.table, model.schema, []);
  }

  args(model: Model, args: Node, hasConditions = true): void {
    for (const key of ['select', 'include']) this.#selection(model, nodeOf(args[key]));
    if (!hasConditions) return;
    for (const key of ['where', 'having', 'cursor']) this.#filter(model, args[key]);
    this.#order(model, args['orderBy']);
  }

  #selection(model: Model, selection: Node): void {
    for (const [key, value] of Object.entries(selection)) {
      const relation = model.relations.get(key);
      if (!value) continue;
      if (relation !== undefined) {
        this.#related(model, relation);
        this.args(relation.target, nodeOf(value));
      } else if (key === '_count') this.#counts(model, value);
    }
  }

  #counts(model: Model, counted: unknown): void {
    const fields =
      counted === true
        ? [...model.lists].map((list) => [list, true])
        : Object.entries(nodeOf(nodeOf(counted)['select']));
    for (const [field, value] of fields as [string, unknown][]) {
      const relation = model.relations.get(field);
      if (relation === undefined || !value) continue;
      this.#related(model, relation);
      this.#filter(relation.target, nodeOf(value)['where']);
    }
  }

  /** `some`, `every`, `none`, `is`, `isNot`, `AND`, `OR` and `NOT` stand between a model and its fields. */
  #filter(model: Model, filter: unknown): void {
    if (Array.isArray(filter)) for (const each of filter) this.#filter(model, each);
    for (const [key, value] of Object.entries(nodeOf(filter))) {
      const relation = model.relations.get(key);
      if (relation !== undefined) {
        this.#related(model, relation);
        this.#filter(relation.target, value);
      } else this.#filter(model, value);
    }
  }

  #order(model: Model, order: unknown): void {
    if (Array.isArray(order)) for (const each of order) this.#order(model, each);
    for (const [key, value] of Object.entries(nodeOf(order))) {
      const relation = model.relations.get(key);
      if (relation === undefined) continue;
      this.#related(model, relation);
      this.#order(relation.target, value);
    }
  }

  #related(model: Model, { target, between }: Relation): void {
    this.#table(target.table, target.schema, []);
    if (between !== undefined) this.#table(between, schemaBetween(model, target), []);
  }

  #table(table: string, schema: string | undefined, held: readonly HeldColumn[]): void {
    this.reads.push({ table, schema: schema ?? this.#schema, held });
  }

  /** Columns that every row has to hold, for the call to see it. */
  #held(model: Model, where: unknown, held: HeldColumn[] = []): readonly HeldColumn[] {
    if (Array.isArray(where)) for (const each of where) this.#held(model, each, held);
    const node = nodeOf(where);
    for (const key of Object.keys(node)) {
      if (model.relations.has(key)) continue;
      const value = node[key];
      const column = model.columns.get(key);
      if (column !== undefined) {
        const values = model.enums.has(key) ? undefined : valuesOf(value);
        if (values !== undefined) held.push({ column, values: values.map((each) => this.#operand(each)) });
        // A key of several columns goes by a name of its own: `postId_tagId`.
      } else if (key !== 'OR' && key !== 'NOT') this.#held(model, value, held);
    }
    return held;
  }

  #operand(value: unknown): Operand {
    this.parameters.push(value);
    return { kind: 'parameter', at: this.parameters.length - 1, isList: false };
  }
}

/** `7`, `{ equals: 7 }`, `{ in: [7, 8] }`; what is compared without case, or in another way, holds nothing. */
function valuesOf(value: unknown): readonly unknown[] | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value !== 'object') return [value];
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  const [[operator, operand] = []] = entries;
  if (entries.length !== 1) return undefined;
  if (operator === 'in') return Array.isArray(operand) ? operand : undefined;
  return operator === 'equals' && typeof operand !== 'object' ? [operand] : undefined;
}

function nodeOf(value: unknown): Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Node) : {};
}
