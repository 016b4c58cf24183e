import { expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { describeVersions } from './mikro/describe-versions.js';
import { MikroDriver } from './mikro/driver.js';
import { load, type Mikro, type Version } from './mikro/versions.js';
import { heardBy } from './pg-world.js';

const id = { type: 'number', primary: true } as const;
const name = { type: 'string', nullable: true } as const;

/** What entities may say that those of the scenarios do not. */
function entitiesOf({ EntitySchema: Schema }: Mikro, version: Version): readonly object[] {
  const make = (options: object): object => new Schema(options as never);
  const team = make({ name: 'Team', properties: { id, name } });
  const member = make({
    name: 'Member',
    properties: { id, name, team: { kind: 'm:1', entity: () => team, nullable: true } },
  });
  const badge = make({
    name: 'Badge',
    properties: {
      member: { kind: '1:1', entity: () => member, owner: true, primary: true, deleteRule: 'cascade' },
      name,
    },
  });
  const shift = make({
    name: 'Shift',
    properties: {
      member: { kind: 'm:1', entity: () => member, primary: true, deleteRule: 'cascade', updateRule: 'cascade' },
      day: { type: 'number', primary: true },
    },
  });
  const animal = make({
    name: 'Animal',
    abstract: true,
    discriminatorColumn: 'kind',
    properties: { id, name, kind: { type: 'string' } },
  });
  const dog = make({ name: 'Dog', extends: 'Animal', discriminatorValue: 'dog', properties: {} });
  const dated = make({ name: 'Dated', properties: { day: { type: 'date', primary: true }, name } });
  const all = [team, member, badge, shift, animal, dog, dated];
  if (version === '6') return all;
  const person = make({ name: 'Person', inheritance: 'tpt', properties: { id, name } });
  const employee = make({
    name: 'Employee',
    extends: 'Person',
    properties: { salary: { type: 'number', nullable: true } },
  });
  const crew = make({
    name: 'Crew',
    view: true,
    expression: 'select t.id, count(m.id) as size from team t join member m on m.team_id = t.id group by t.id',
    properties: { id, size: { type: 'number' } },
  });
  return [...all, person, employee, crew];
}

const ROWS = [
  "INSERT INTO team VALUES (1, 'a'), (2, 'b')",
  "INSERT INTO member (id, name, team_id) VALUES (1, 'x', 1), (2, 'y', 2)",
  "INSERT INTO badge (member_id, name) VALUES (1, 'n'), (2, 'n')",
  'INSERT INTO shift (member_id, day) VALUES (1, 1), (2, 1)',
  "INSERT INTO animal (id, name, kind) VALUES (1, 'Rex', 'dog')",
  "INSERT INTO dated VALUES ('2026-01-01', 'x')",
];

/** A statement, and the tags that it comes to by what the entities say. */
const STATEMENTS: readonly (readonly [string, string, readonly string[]])[] = [
  [
    'a relation that may be null and has no rule',
    'DELETE FROM team WHERE id = 1',
    ['member', 'member!bulk', 'team', 'team#1'],
  ],
  [
    'relations that cascade',
    'DELETE FROM member WHERE id = 2',
    ['badge', 'badge!bulk', 'member', 'member#2', 'shift', 'shift!bulk'],
  ],
  [
    'a key that changes, and relations that follow, as they do without a rule',
    'UPDATE member SET id = 7 WHERE id = 2',
    ['badge', 'badge!bulk', 'member', 'member!bulk', 'shift', 'shift!bulk'],
  ],
  ['a key that is a reference', "UPDATE badge SET name = 'm' WHERE member_id = 1", ['badge', 'badge#1']],
  ['a key of two columns', 'DELETE FROM shift WHERE day = 1 AND member_id = 2', ['shift', 'shift#1,2']],
  ['a table of several classes', "UPDATE animal SET name = 'Max' WHERE id = 1", ['animal', 'animal#1']],
  [
    'a key whose values have many spellings',
    "UPDATE dated SET name = 'y' WHERE day = '2026-01-01'",
    ['dated', 'dated!bulk'],
  ],
  ['a table that no entity has', 'CREATE TABLE stranger (id int)', ['stranger', 'stranger!bulk']],
];

describeVersions('what entities of MikroORM %s say', (version: Version) => {
  async function reach() {
    const mikro = await load(version, 'sqlite');
    const cache = createCache();
    const driver = await MikroDriver.open(
      version,
      'sqlite',
      { entities: entitiesOf(mikro, version) },
      {
        cache,
        readTables: false,
      },
    );
    const schema = driver.orm.schema as unknown as { create?(): Promise<void>; createSchema(): Promise<void> };
    await (schema.create === undefined ? schema.createSchema() : schema.create());
    for (const sql of ROWS) await driver.writes.raw(sql);
    const close = async (): Promise<void> => {
      await driver.close();
      await cache.close();
    };
    return { cache, driver, close };
  }

  it.each(STATEMENTS)('of %s holds for %s', async (_, sql, tags) => {
    const { cache, driver, close } = await reach();
    const heard = heardBy(cache);
    await driver.em.getConnection().execute(sql, [], 'run');
    expect(heard).toEqual([tags]);
    await close();
  });

  // Version 6 has neither.
  if (version === '6') return;
  it('of classes with tables of their own, and of views, holds', async () => {
    const { cache, driver, close } = await reach();
    await driver.writes.raw("INSERT INTO person VALUES (1, 'x')");
    await driver.writes.raw('INSERT INTO employee (id, salary) VALUES (1, 5)');
    const heard = heardBy(cache);
    await driver.writes.raw('DELETE FROM person WHERE id = 1 RETURNING id');
    expect(heard).toEqual([['employee', 'employee!bulk', 'person', 'person#1']]);
    const read = () => driver.writes.raw('SELECT size FROM crew WHERE id = 1');
    const size = () => cache.getOrSet('size', read, { ttl: '5m' });
    expect(await size()).toEqual([{ size: 1 }]);
    await driver.writes.raw('UPDATE member SET team_id = 1 WHERE id = 2');
    expect(await size()).toEqual([{ size: 2 }]);
    await close();
  });
});
