import type { Reference, TableFacts } from '../tables/table.js';
import type { Model, Models } from './models.js';
import { type Declaration, listIn, wordIn } from './schema-text.js';

/** Of these, equal values have one spelling, or several that are known. Enums are texts. */
const PLAIN = new Set(['Int', 'BigInt', 'String']);
/** Texts that are kept as something else, whose values may be spelled in ways that nobody can list. */
const NATIVE = /^db\.(?!Uuid$|Text$|VarChar$|Char$|Citext$|NVarChar$|TinyText$|MediumText$|LongText$|\w*Int$)/;

/**
 * What the schema of a client says of tables: keys, and what the database does along foreign keys. Where these are not as a
 * migration of Prisma makes them, only the database knows.
 *
 * @param schema - holds the tables that name none; `undefined`: the first one of the search path
 */
export function tableFacts(models: Models, schema: string | undefined): readonly TableFacts[] {
  const referredBy = new Map<string, Reference[]>([...models.keys()].map((name) => [name, []]));
  const between = new Map<string, TableFacts>();
  for (const model of models.values()) {
    for (const field of model.block.declarations) {
      const relation = model.relations.get(field.name);
      const args = field.attributes.get('relation') ?? '';
      if (relation === undefined || listIn(args, 'fields').length === 0) continue;
      const from = { table: model.table, schema: model.schema ?? schema };
      referredBy.get(relation.target.name)?.push({
        from,
        ...actionsOf(field, args),
        to: columnsOf(relation.target, listIn(args, 'references')),
        by: columnsOf(model, listIn(args, 'fields')),
      });
    }
    for (const relation of model.relations.values()) {
      if (relation.between === undefined) continue;
      const from = { table: relation.between, schema: schemaBetween(model, relation.target) ?? schema };
      between.set(relation.between, { name: from.table, schema: from.schema });
      referredBy.get(model.name)?.push({ from, onDelete: 'cascade', onUpdate: 'cascade', to: 'key' });
    }
  }
  const facts = [...models.values()].map((model) => ({
    name: model.table,
    schema: model.schema ?? schema,
    pk: keyOf(model),
    referredBy: referredBy.get(model.name),
  }));
  return [...facts, ...between.values()];
}

/** The column of a model's key where the database counts it up. */
export function countedKey({ block, columns }: Model): string | undefined {
  const field = block.declarations.find(
    ({ name, attributes }) =>
      name !== '' && attributes.has('id') && /\bautoincrement\(/.test(attributes.get('default') ?? ''),
  );
  return field && columns.get(field.name);
}

/** A table between two models stands beside the one whose name comes first. */
export function schemaBetween(one: Model, other: Model): string | undefined {
  return (one.name <= other.name ? one : other).schema;
}

function keyOf({ block, columns }: Model): readonly string[] {
  const field = block.declarations.find(({ name, attributes }) => name !== '' && attributes.has('id'));
  const whole = block.declarations.find(({ name, attributes }) => name === '' && attributes.has('id'));
  const names = field === undefined ? listIn(whole?.attributes.get('id') ?? '') : [field.name];
  const isPlain = names.every((name) => {
    const declared = block.declarations.find((each) => each.name === name);
    if (declared === undefined || [...declared.attributes.keys()].some((attribute) => NATIVE.test(attribute)))
      return false;
    // A value of an enum may be another one in the database (`@map`) than in a call.
    return PLAIN.has(declared.type);
  });
  return isPlain ? names.flatMap((name) => columns.get(name) ?? []) : [];
}

/** `undefined` where one of them is not known. */
function columnsOf({ columns }: Model, fields: readonly string[]): readonly string[] | undefined {
  const found = fields.flatMap((field) => columns.get(field) ?? []);
  return found.length > 0 && found.length === fields.length ? found : undefined;
}

function actionsOf({ type }: Declaration, args: string): Pick<Reference, 'onDelete' | 'onUpdate'> {
  const [onDelete, onUpdate] = [wordIn(args, 'onDelete'), wordIn(args, 'onUpdate')];
  return {
    onDelete: actionOf(onDelete ?? (type.endsWith('?') ? 'SetNull' : 'Restrict')),
    onUpdate: actionOf(onUpdate ?? 'Cascade'),
  };
}

function actionOf(word: string): Reference['onDelete'] {
  if (word === 'Cascade') return 'cascade';
  return word === 'SetNull' || word === 'SetDefault' ? 'set' : 'none';
}
