import { describe, expect, it } from '@jest/globals';
import { watchPostgresNotify } from '@viewcache/orm/postgres-notify';
import { watchTypeOrm } from '@viewcache/orm/typeorm';
import { DataSource, EntitySchema } from 'typeorm';
import { Keeping } from './kept.js';
import { NotifyWorld } from './notify-world.js';

/** What is kept of rows, by parties that know the key of a table from different sources. */
describe('keys of a PostgreSQL', () => {
  const world = new NotifyWorld();

  async function made<T>(tables: string, drop: string, test: () => Promise<T>): Promise<T> {
    await world.admin.query(tables);
    try {
      return await test();
    } finally {
      await world.admin.query(drop);
    }
  }

  it('that others refer to need not be the primary one: what cascades from them is dropped', () =>
    made(
      `CREATE TABLE owners (id int PRIMARY KEY, name text, low text UNIQUE GENERATED ALWAYS AS (lower(name)) STORED,
         code text UNIQUE, via text UNIQUE);
       CREATE TABLE cars (id int PRIMARY KEY, code text REFERENCES owners (code) ON UPDATE CASCADE, low text REFERENCES owners (low) ON UPDATE CASCADE);
       CREATE TABLE seats (id int PRIMARY KEY, via text UNIQUE REFERENCES owners (via) ON DELETE SET NULL);
       CREATE TABLE belts (id int PRIMARY KEY, via text REFERENCES seats (via) ON UPDATE SET NULL);
       INSERT INTO owners (id, name, code, via) VALUES (1, 'Ana', 'a', 'a'), (2, 'Bo', 'b', 'b');
       INSERT INTO cars VALUES (1, 'a', 'ana');
       INSERT INTO seats VALUES (1, 'b'); INSERT INTO belts VALUES (1, 'b')`,
      'DROP TABLE owners, cars, seats, belts',
      async () => {
        const { cache, pool } = await world.open();
        const keeping = new Keeping(cache);
        const car = await keeping.keep(() => pool.query('SELECT * FROM cars WHERE id = 1'));
        const belt = await keeping.keep(() => pool.query('SELECT * FROM belts WHERE id = 1'));
        const writes = [
          "UPDATE owners SET code = 'c' WHERE id = 1",
          "INSERT INTO owners (id, code) VALUES (1, 'd') ON CONFLICT (id) DO UPDATE SET code = excluded.code",
          // A column that is made of this one is referred to.
          "UPDATE owners SET name = 'Anabela' WHERE id = 1",
        ];
        for (const write of writes) {
          await pool.query(write);
          expect([write, await car.isMadeAgain(), await belt.isMadeAgain()]).toEqual([write, true, false]);
        }
        await pool.query('DELETE FROM owners WHERE id = 2');
        expect(await belt.isMadeAgain()).toBe(true);
        expect((await world.admin.query('SELECT via FROM belts')).rows).toEqual([{ via: null }]);
      },
    ));

  it('are followed through a view that has other names for its columns', () =>
    made(
      `CREATE TABLE owners (id int PRIMARY KEY, code text UNIQUE);
       CREATE TABLE cars (id int PRIMARY KEY, code text REFERENCES owners (code) ON UPDATE CASCADE);
       INSERT INTO owners VALUES (1, 'a'); INSERT INTO cars VALUES (1, 'a');
       CREATE VIEW shown AS SELECT id AS k, code AS other FROM owners`,
      'DROP TABLE owners, cars CASCADE',
      async () => {
        const { cache, pool } = await world.open();
        const car = await new Keeping(cache).keep(() => pool.query('SELECT * FROM cars WHERE id = 1'));
        await pool.query("UPDATE shown SET other = 'b' WHERE k = 1");
        expect(await car.isMadeAgain()).toBe(true);
      },
    ));

  it('that a trigger sets carry along what refers to them', () =>
    made(
      `CREATE TABLE owners (id int PRIMARY KEY, name text, code text UNIQUE);
       CREATE TABLE cars (id int PRIMARY KEY, code text REFERENCES owners (code) ON UPDATE CASCADE);
       INSERT INTO owners VALUES (1, 'Ana', 'ana'); INSERT INTO cars VALUES (1, 'ana');
       CREATE FUNCTION coded() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.code := lower(NEW.name); RETURN NEW; END';
       CREATE TRIGGER coding BEFORE UPDATE ON owners FOR EACH ROW EXECUTE FUNCTION coded()`,
      'DROP TABLE owners, cars; DROP FUNCTION coded',
      async () => {
        const { cache, pool } = await world.open();
        const car = await new Keeping(cache).keep(() => pool.query('SELECT * FROM cars WHERE id = 1'));
        await pool.query("UPDATE owners SET name = 'Bo' WHERE id = 1");
        expect(await car.isMadeAgain()).toBe(true);
      },
    ));

  it('hold back nothing of TRUNCATE … CASCADE', () =>
    made(
      `CREATE TABLE owners (id int PRIMARY KEY); CREATE TABLE cars (id int PRIMARY KEY, owner int REFERENCES owners);
       CREATE TABLE seats (id int PRIMARY KEY, car int REFERENCES cars ON DELETE RESTRICT);
       INSERT INTO owners VALUES (1); INSERT INTO cars VALUES (1, 1); INSERT INTO seats VALUES (1, 1)`,
      'DROP TABLE owners, cars, seats',
      async () => {
        const { cache, pool } = await world.open();
        const seats = await new Keeping(cache).keep(() => pool.query('SELECT count(*) FROM seats'));
        await pool.query('DELETE FROM owners WHERE id = 2');
        expect(await seats.isMadeAgain()).toBe(false);
        await pool.query('TRUNCATE owners CASCADE');
        expect(await seats.isMadeAgain()).toBe(true);
      },
    ));

  it.each([
    ['whose columns the entity has in another order', 'PRIMARY KEY (usr, org)', { org: 1, usr: 2 }],
    ['with columns that an index only carries', 'PRIMARY KEY (org) INCLUDE (role)', { org: 1 }],
  ])('%s are the same rows to an ORM, to a pool, and to triggers', (_, key, where) =>
    made(
      `CREATE TABLE memberships (org int, usr int, role text, ${key}); INSERT INTO memberships VALUES (1, 2, 'r')`,
      'DROP TABLE memberships',
      async () => {
        const { cache, pool } = await world.open();
        const isKey = (column: string) => column in where;
        const dataSource = new DataSource({
          type: 'postgres',
          url: world.url,
          entities: [
            new EntitySchema({
              name: 'memberships',
              columns: {
                org: { type: 'int', primary: isKey('org') },
                usr: { type: 'int', primary: isKey('usr') },
                role: { type: 'text' },
              },
            }),
          ],
        });
        await dataSource.initialize();
        // As the entity has it, whatever the database says.
        const stop = watchTypeOrm(dataSource, { cache, readTables: false });
        try {
          const repository = dataSource.getRepository('memberships');
          const condition = Object.entries(where).map(([column, value]) => `${column} = ${value}`);
          const select = `SELECT * FROM memberships WHERE ${condition.join(' AND ')}`;
          const update = `UPDATE memberships SET role = role || 'r' WHERE ${condition.join(' AND ')} RETURNING *`;
          const keeping = new Keeping(cache);
          const found = await keeping.keep(() => repository.findOneBy(where));
          const selected = await keeping.keep(() => pool.query(select));
          const both = async () => [await found.isMadeAgain(), await selected.isMadeAgain()];
          await pool.query(update);
          expect(await both()).toEqual([true, true]);
          await repository.update(where, { role: 'z' });
          expect(await both()).toEqual([true, true]);
          const listener = watchPostgresNotify(world.idle(), { cache });
          await listener.ready;
          await world.admin.query(update);
          await world.toldBefore(cache);
          expect(await both()).toEqual([true, true]);
          listener();
        } finally {
          stop();
          await dataSource.destroy();
        }
      },
    ),
  );

  it('are none of a view that is called like its table, in another schema', () =>
    made(
      `CREATE TABLE people (id int PRIMARY KEY, name text, parent int); INSERT INTO people VALUES (1, 'a', null), (2, 'b', 1);
       CREATE SCHEMA shown; CREATE VIEW shown.people AS SELECT parent AS id, name FROM public.people`,
      'DROP TABLE people CASCADE; DROP SCHEMA shown',
      async () => {
        const { cache, pool } = await world.open();
        const keeping = new Keeping(cache);
        const shown = await keeping.keep(() => pool.query('SELECT * FROM shown.people WHERE id = 1'));
        const itself = await keeping.keep(() => pool.query('SELECT * FROM people WHERE id = 2'));
        await pool.query("UPDATE people SET name = 'z' WHERE id = 2");
        expect(await shown.isMadeAgain()).toBe(true);
        await itself.isMadeAgain();
        await pool.query("UPDATE shown.people SET name = 'y' WHERE id = 1");
        expect(await itself.isMadeAgain()).toBe(true);
      },
    ));
});
