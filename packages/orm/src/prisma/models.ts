import { foldedColumn, foldedName } from '../statements/fold.js';
import type { Dialect } from '../statements/footprint-types.js';
import type { ClientCore } from './prisma-types.js';
import { type SchemaBlock, schemaBlocks } from './schema-text.js';

/** A relation of a model, by its field. */
export interface Relation {
  readonly target: Model;
  /** Between two lists that name no columns Prisma keeps a table of its own: this one. */
  readonly between: string | undefined;
}

/** A model or a view, and the table that it stands for. */
export interface Model {
  readonly name: string;
  readonly table: string;
  /** As `@@schema` says; `undefined`: the one of the connection. */
  readonly schema: string | undefined;
  /** By field, the column. */
  readonly columns: ReadonlyMap<string, string>;
  readonly relations: ReadonlyMap<string, Relation>;
  /** Fields whose values may be other ones in the database than in a call: those of enums (`@map`). */
  readonly enums: ReadonlySet<string>;
  /** Fields of relations to many. */
  readonly lists: ReadonlySet<string>;
  /** As the text of the schema has it. */
  readonly block: SchemaBlock;
}

/** The models of a client by name. */
export type Models = ReadonlyMap<string, Model>;

/** Reads the models of a client from what that carries: their fields, and the text of the schema that it was made from. */
export function modelsOf({ _runtimeDataModel, _engineConfig }: ClientCore, dialect: Dialect): Models {
  const runtime = Object.entries(_runtimeDataModel.models);
  const blocks = new Map(schemaBlocks(_engineConfig.inlineSchema).map((block) => [block.name, block]));
  const models = new Map<string, Model & { readonly relations: Map<string, Relation> }>();
  for (const [name, { dbName, schema, fields }] of runtime) {
    const block = blocks.get(name) ?? { kind: 'model', name, declarations: [] };
    models.set(name, {
      name,
      table: foldedName(dbName ?? name, dialect),
      schema: schema ?? undefined,
      columns: new Map(fields.map((field) => [field.name, foldedColumn(field.dbName ?? field.name, dialect)])),
      enums: new Set(fields.filter(({ kind }) => kind === 'enum').map((field) => field.name)),
      relations: new Map(),
      lists: new Set(block.declarations.filter(({ type }) => type.endsWith('[]')).map((field) => field.name)),
      block,
    });
  }
  for (const [name, { fields }] of runtime) {
    const model = models.get(name);
    for (const field of fields) {
      const target = field.kind === 'object' ? models.get(field.type) : undefined;
      if (model === undefined || target === undefined) continue;
      const back = _runtimeDataModel.models[field.type]?.fields.find(
        (other) => other !== field && other.type === name && other.relationName === field.relationName,
      );
      const isBetween = model.lists.has(field.name) && back !== undefined && target.lists.has(back.name);
      const between = isBetween ? foldedName(`_${field.relationName}`, dialect) : undefined;
      model.relations.set(field.name, { target, between });
    }
  }
  return models;
}
