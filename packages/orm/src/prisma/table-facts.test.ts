import { describe, expect, it } from '@jest/globals';
import { modelsOf } from './models.js';
import type { ClientCore, RuntimeField } from './prisma-types.js';
import { tableFacts } from './table-facts.js';

/** Fields as a client carries them: `name: type` for scalars, `name: Type@relation` for relations. */
function core(inlineSchema: string, models: Readonly<Record<string, string>>): ClientCore {
  const fieldOf = (text: string): RuntimeField => {
    const [name = '', type = '', relationName] = text.split(/[:@]/);
    return relationName === undefined
      ? { name, kind: 'scalar', type, ...(name === 'fullName' && { dbName: 'full_name' }) }
      : { name, kind: 'object', type, relationName };
  };
  const runtime = Object.entries(models).map(([name, fields]) => {
    const [model = '', dbName = null] = name.split('=');
    return [model, { fields: fields.split(' ').map(fieldOf), dbName }];
  });
  return {
    _engineConfig: { inlineSchema },
    _runtimeDataModel: { models: Object.fromEntries(runtime) },
  } as unknown as ClientCore;
}

const facts = (schema: string, models: Readonly<Record<string, string>>, dialect: 'postgres' | 'sqlite' = 'postgres') =>
  tableFacts(modelsOf(core(schema, models), dialect), undefined);

const keyOf = (fields: string) =>
  facts(`enum Kind {\n  A\n}\nmodel T {\n${fields}\n}`, { T: 'id:Int a:Int b:Int fullName:String' })[0]?.pk;

describe('what the schema of a client says of keys', () => {
  it.each<[string, string, readonly string[]]>([
    ['a field', 'id Int @id @default(autoincrement()) // @@id([a])', ['id']],
    [
      'a field behind others',
      'a Int @unique\n/// @id\nid String @default(dbgenerated("f(\'@id)\')")) @id @db.Uuid',
      ['id'],
    ],
    ['a field by its column', 'fullName String @map("full_name") @id', ['full_name']],
    ['several fields', 'a Int\nb String\n@@id([a, b])', ['a', 'b']],
    ['an enum, whose values may be others in the database', 'a Int\nb Kind\n@@id([a, b])', []],
    [
      'several fields by name, over lines',
      'a Int\nb BigInt\n@@id(name: "k", fields: [\n  b,\n  a(sort: Desc)\n], map: "p")',
      ['b', 'a'],
    ],
    ['no key', 'a Int @unique\n@@unique([a, b])', []],
    ['a key that has many spellings', 'id DateTime @id', []],
    ['one of several that has many', 'a Int\nb Decimal\n@@id([a, b])', []],
    ['a text that is kept as something else', 'id String @id @db.Inet', []],
  ])('%s', (_, fields, key) => {
    expect(keyOf(fields)).toEqual(key);
  });
});

describe('what the schema of a client says of foreign keys', () => {
  const relation = (type: string, args: string) =>
    facts(`model U {\n id Int @id\n ps P[]\n}\nmodel P {\n id Int @id\n u ${type} @relation(${args})\n a Int?\n}`, {
      'U=users': 'id:Int ps:P@r',
      'P=posts': 'id:Int a:Int u:U@r',
    })[0]?.referredBy;
  const from = { table: 'posts', schema: undefined };

  it.each([
    ['U?', 'fields: [a], references: [id]', 'set', 'cascade'],
    ['U', 'fields: [a], references: [id]', 'none', 'cascade'],
    ['U', '"r", fields: [a], references: [id], onDelete: Cascade, onUpdate: NoAction', 'cascade', 'none'],
    [
      'U?',
      'name: "r", onDelete: SetDefault, references: [id], fields: [a], map: "onDelete: Cascade"',
      'set',
      'cascade',
    ],
    ['U', 'fields: [a],\n references: [id],\n onDelete: Restrict', 'none', 'cascade'],
  ])('%s @relation(%s)', (type, args, onDelete, onUpdate) => {
    expect(relation(type, args)).toEqual([{ from, onDelete, onUpdate, to: ['id'], by: ['a'] }]);
  });

  it('that a table between two lists goes with either of them, as databases fold its name', () => {
    const schema = 'model A {\n id Int @id\n bs B[]\n}\nmodel B {\n id Int @id\n as A[]\n}';
    const [a, b, between] = facts(schema, { A: 'id:Int bs:B@AToB', B: 'id:Int as:A@AToB' }, 'sqlite');
    expect(between).toMatchObject({ name: '_atob' });
    for (const table of [a, b])
      expect(table?.referredBy).toEqual([
        { from: { table: '_atob', schema: undefined }, onDelete: 'cascade', onUpdate: 'cascade', to: 'key' },
      ]);
  });

  it('that a list of one side alone has no table of its own', () => {
    const names = facts(
      'model U {\n id Int @id\n ps P[]\n}\nmodel P {\n id Int @id\n u U @relation(fields: [a], references: [id])\n a Int\n}',
      {
        U: 'id:Int ps:P@r',
        P: 'id:Int a:Int u:U@r',
      },
    ).map(({ name }) => name);
    expect(names).toEqual(['U', 'P']);
  });
});
