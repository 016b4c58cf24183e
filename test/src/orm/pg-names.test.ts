import { describe, expect, it } from '@jest/globals';
import { createCache } from '@viewcache/core';
import { watchPg } from '@viewcache/orm/pg';
import { Keeping } from './kept.js';
import { PgWorld } from './pg-world.js';

const ORDERS = "CREATE TABLE orders (id int PRIMARY KEY, note text); INSERT INTO orders VALUES (1, 'a'), (2, 'b');";
const SHOP = `${ORDERS} CREATE SCHEMA shop; CREATE TABLE shop.orders (id int PRIMARY KEY, note text);
  INSERT INTO shop.orders VALUES (1, 's');`;
const OTHER = "CREATE TABLE other (note text); INSERT INTO other VALUES ('0');";
const PAIR = `CREATE TABLE folks (id int PRIMARY KEY); CREATE TABLE kids (id int PRIMARY KEY, folk int);
  INSERT INTO folks VALUES (1), (2); INSERT INTO kids VALUES (1, 1), (2, 2);`;
const FK = 'ALTER TABLE kids ADD CONSTRAINT fk FOREIGN KEY (folk) REFERENCES folks ON DELETE CASCADE';
const PARTED = `CREATE TABLE whole (id int, k int) PARTITION BY LIST (k);
  CREATE TABLE part PARTITION OF whole (PRIMARY KEY (id)) FOR VALUES IN (1); INSERT INTO whole VALUES (1, 1), (2, 1);`;

interface Case {
  /** What the database has before it is watched. */
  readonly has: string;
  /** Run through the pool before anything is kept; what is known of the tables is read afterwards. */
  readonly changed?: string;
  /** Where names are looked up. */
  readonly path?: string;
  /** Each on a connection of its own: what is kept of it must be made again. */
  readonly reads: readonly string[];
  readonly writes: string;
}

const CASES: Record<string, Case> = {
  'a path that SET SCHEMA has moved, for a write': {
    has: SHOP,
    reads: ['SELECT * FROM shop.orders WHERE id = 1'],
    writes: "SET SCHEMA 'shop'; UPDATE orders SET note = 'new' WHERE id = 1",
  },
  'a path that SET LOCAL SCHEMA has moved, for a read': {
    has: SHOP,
    reads: ["BEGIN; SET LOCAL SCHEMA 'shop'; SELECT * FROM orders WHERE id = 1; COMMIT"],
    writes: "UPDATE shop.orders SET note = 'new' WHERE id = 1",
  },
  'a view that calls a function which reads a table': {
    has: `${ORDERS} CREATE TABLE items (id int PRIMARY KEY, of int, price int); INSERT INTO items VALUES (1, 1, 5);
      CREATE FUNCTION total(int) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT sum(price) FROM items WHERE of = $1';
      CREATE VIEW totals AS SELECT id, total(id) FROM orders; CREATE VIEW first AS SELECT 1 AS one WHERE total(1) > 2`,
    reads: ['SELECT * FROM totals', 'SELECT * FROM first'],
    writes: 'UPDATE items SET price = 6 WHERE id = 1',
  },
  'a trigger that acts in place of a view, below another view': {
    has: `${ORDERS} ${OTHER} CREATE VIEW v AS SELECT id, note FROM orders; CREATE VIEW w AS SELECT * FROM v;
      CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE other SET note = NEW.note; RETURN NEW; END';
      CREATE TRIGGER acts INSTEAD OF UPDATE ON v FOR EACH ROW EXECUTE FUNCTION act()`,
    reads: ['SELECT * FROM other'],
    writes: "UPDATE w SET note = 'new' WHERE id = 1",
  },
  'a foreign key that a block has made': {
    has: PAIR,
    changed: `DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'fk') THEN ${FK}; END IF; END $$`,
    reads: ['SELECT * FROM kids'],
    writes: 'DELETE FROM folks WHERE id = 1',
  },
  'a foreign key that a block has put together': {
    has: PAIR,
    changed: `DO $$ BEGIN EXECUTE '${FK}'; END $$`,
    reads: ['SELECT * FROM kids'],
    writes: 'DELETE FROM folks WHERE id = 1',
  },
  'a foreign key that a function has made': {
    has: `${PAIR} CREATE FUNCTION bind() RETURNS void LANGUAGE plpgsql AS 'BEGIN ${FK}; END'`,
    changed: 'SELECT bind()',
    reads: ['SELECT * FROM kids'],
    writes: 'DELETE FROM folks WHERE id = 1',
  },
  'a table that a procedure has made': {
    has: `${PAIR} CREATE PROCEDURE make() LANGUAGE plpgsql AS
      'BEGIN CREATE TABLE made (folk int REFERENCES folks ON DELETE CASCADE); INSERT INTO made VALUES (1); END'`,
    changed: 'CALL make()',
    reads: ['SELECT * FROM made'],
    writes: 'DELETE FROM folks WHERE id = 1',
  },
  'tables that were made with their schema': {
    has: PAIR,
    changed: `CREATE SCHEMA bill CREATE TABLE p (id int PRIMARY KEY)
      CREATE TABLE c (p int REFERENCES p ON DELETE CASCADE) CREATE VIEW v AS SELECT * FROM c;
      INSERT INTO bill.p VALUES (1); INSERT INTO bill.c VALUES (1)`,
    reads: ['SELECT * FROM bill.c', 'SELECT * FROM bill.v'],
    writes: 'DELETE FROM bill.p WHERE id = 1',
  },
  'functions that were made while it is watched': {
    has: ORDERS,
    changed: `CREATE FUNCTION rename() RETURNS void LANGUAGE sql AS $$UPDATE orders SET note = 'new' WHERE id = 1$$;
      CREATE FUNCTION note() RETURNS text LANGUAGE sql STABLE AS $$SELECT note FROM orders WHERE id = 1$$`,
    reads: ['SELECT * FROM orders WHERE id = 1', 'SELECT note()'],
    writes: 'SELECT rename()',
  },
  'the function of a trigger that was replaced': {
    has: `${ORDERS} ${OTHER}
      CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
      CREATE TRIGGER acts AFTER UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION act()`,
    changed: `CREATE OR REPLACE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN UPDATE other SET note = NEW.note; RETURN NEW; END'`,
    reads: ['SELECT * FROM other'],
    writes: "UPDATE orders SET note = 'new' WHERE id = 1",
  },
  'a key that a trigger changes': {
    has: `${ORDERS} CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.id := NEW.id + 4; RETURN NEW; END';
      CREATE TRIGGER acts BEFORE INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION act()`,
    reads: ['SELECT * FROM orders WHERE id = 5', 'SELECT * FROM orders WHERE id = 10'],
    writes: "UPDATE orders SET note = 'x' WHERE id = 1; INSERT INTO orders (id, note) VALUES (6, 'y')",
  },
  'a key that a trigger of a partition changes': {
    has: `CREATE TABLE whole (id int, k int, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
      CREATE TABLE part PARTITION OF whole FOR VALUES IN (1);
      CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.id := 5; RETURN NEW; END';
      CREATE TRIGGER acts BEFORE INSERT ON part FOR EACH ROW EXECUTE FUNCTION act()`,
    reads: ['SELECT * FROM whole WHERE id = 5 AND k = 1', 'SELECT * FROM part WHERE id = 5 AND k = 1'],
    writes: 'INSERT INTO whole (id, k) VALUES (3, 1)',
  },
  'a key that the database gives in place of the one that stands there': {
    has: 'CREATE TABLE counted (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, note text)',
    reads: ['SELECT * FROM counted WHERE id = 1'],
    writes: "INSERT INTO counted (id, note) OVERRIDING USER VALUE VALUES (7, 'x')",
  },
  'a default that calls a function which writes': {
    has: `${ORDERS} CREATE TABLE counts (id int PRIMARY KEY, n int); INSERT INTO counts VALUES (1, 0);
      CREATE FUNCTION next_note() RETURNS text LANGUAGE sql AS 'UPDATE counts SET n = n + 1 WHERE id = 1 RETURNING n::text';
      ALTER TABLE orders ALTER note SET DEFAULT next_note()`,
    reads: ['SELECT n FROM counts WHERE id = 1'],
    writes: 'INSERT INTO orders (id) VALUES (7)',
  },
  'a child of two tables': {
    has: `CREATE TABLE a (x text); CREATE TABLE b (y text); CREATE TABLE ab () INHERITS (a, b); INSERT INTO ab VALUES ('x', 'y')`,
    reads: ['SELECT * FROM a', 'SELECT * FROM b', 'SELECT * FROM ab'],
    writes: 'DELETE FROM b',
  },
  'a trigger of a partition': {
    has: `${PARTED} ${OTHER} CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN UPDATE other SET note = note || NEW.id; RETURN NEW; END';
      CREATE TRIGGER acts AFTER INSERT ON part FOR EACH ROW EXECUTE FUNCTION act()`,
    reads: ['SELECT * FROM other'],
    writes: 'INSERT INTO whole VALUES (3, 1)',
  },
  'a foreign key to a partition': {
    has: `${PARTED} CREATE TABLE kids (id int REFERENCES part ON DELETE CASCADE); INSERT INTO kids VALUES (1)`,
    reads: ['SELECT * FROM kids'],
    writes: 'DELETE FROM whole WHERE id = 1',
  },
  'a foreign key to a child': {
    has: `CREATE TABLE base (id int PRIMARY KEY); CREATE TABLE child (PRIMARY KEY (id)) INHERITS (base); INSERT INTO child VALUES (1);
      CREATE TABLE kids (id int REFERENCES child ON DELETE CASCADE); INSERT INTO kids VALUES (1)`,
    reads: ['SELECT * FROM kids'],
    writes: 'DELETE FROM child WHERE id = 1',
  },
  'a policy of a partition': {
    has: `${PARTED} CREATE TABLE shown (id int); ALTER TABLE part ENABLE ROW LEVEL SECURITY;
      CREATE POLICY p ON part USING (id IN (SELECT id FROM shown))`,
    reads: ['SELECT * FROM part'],
    writes: 'INSERT INTO shown VALUES (1)',
  },
  'a table that comes to stand before another one': {
    has: `${ORDERS} CREATE SCHEMA shop; CREATE SCHEMA later; CREATE TABLE later.orders (id int)`,
    path: 'shop,public',
    reads: ['SELECT * FROM orders'],
    writes: 'ALTER TABLE later.orders SET SCHEMA shop',
  },
  'a table that is made before another one': {
    has: `${ORDERS} CREATE SCHEMA shop`,
    path: 'shop,public',
    reads: ['SELECT * FROM orders'],
    writes: 'CREATE TABLE shop.orders (id int)',
  },
  'a schema that takes the place of another one': {
    has: `${SHOP} CREATE SCHEMA next; CREATE TABLE next.orders (id int)`,
    reads: ['SELECT * FROM shop.orders'],
    writes: 'ALTER SCHEMA shop RENAME TO before; ALTER SCHEMA next RENAME TO shop',
  },
  'a function with a path of its own': {
    has: `${SHOP} CREATE FUNCTION help() RETURNS void LANGUAGE sql AS $$UPDATE orders SET note = 'new' WHERE id = 1$$;
      CREATE FUNCTION rename() RETURNS void LANGUAGE plpgsql SET search_path = shop, pg_temp AS 'BEGIN PERFORM public.help(); END';
      CREATE FUNCTION note() RETURNS text LANGUAGE sql STABLE SET search_path = shop AS $$SELECT note FROM orders WHERE id = 1$$`,
    reads: ['SELECT * FROM shop.orders WHERE id = 1', 'SELECT note()'],
    writes: 'SELECT rename()',
  },
  'a function that moves the path of its caller': {
    has: `${SHOP} CREATE FUNCTION enter(t text) RETURNS void LANGUAGE plpgsql AS
      $$BEGIN PERFORM set_config('search_path', t, false); END$$`,
    reads: ['SELECT * FROM shop.orders WHERE id = 1'],
    writes: "SELECT enter('shop'); UPDATE orders SET note = 'new' WHERE id = 1",
  },
};

/** Each in a database of its own, with whatever that has. */
describe('what a name means in a PostgreSQL', () => {
  const world = new PgWorld();
  let databases = 0;

  it.each(Object.entries(CASES))('%s', async (_, { has, changed, path = 'public', reads, writes }) => {
    const name = `named_${++databases}`;
    await world.admin.query(`CREATE DATABASE ${name}`);
    const pool = world.pool({ connectionString: world.url.replace(/[^/]+$/, name), options: `-c search_path=${path}` });
    await pool.query(has);
    const cache = world.closing(createCache());
    const watch = watchPg(pool, cache);
    world.closing({ close: async () => watch() });
    await watch.ready;
    if (changed !== undefined) await pool.query(changed);
    await watch.ready;
    const keeping = new Keeping(cache);
    const kept = await Promise.all(reads.map((sql) => keeping.keep(() => pool.query(sql))));
    await pool.query(writes);
    expect(await Promise.all(kept.map((each) => each.isMadeAgain()))).toEqual(reads.map(() => true));
  });
});
