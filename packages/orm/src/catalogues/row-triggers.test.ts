import { describe, expect, it } from '@jest/globals';
import { mayRekey } from './row-triggers.js';

describe('a trigger in front of a write', () => {
  it.each([
    'BEGIN NEW.updated_at := now(); RETURN NEW; END',
    'BEGIN new.name = upper(new.name); new."note" := \'NEW.id := 1\'; /* NEW := OLD */ RETURN new; END;',
    'BEGIN IF NEW IS DISTINCT FROM OLD THEN NEW.version := OLD.version + 1; END IF; RETURN NEW; END',
    'BEGIN IF row(NEW.*) IS DISTINCT FROM row(OLD.*) THEN RETURN NEW; END IF; RETURN NULL; END',
    'BEGIN INSERT INTO audit VALUES (NEW.id, OLD.id); IF NEW.id > 5 THEN RETURN OLD; END IF; RETURN NEW; END',
  ])('leaves the key alone: %s', (body) => {
    expect(mayRekey(body, ['id'], 'postgres')).toBe(false);
  });

  it.each([
    'BEGIN NEW.id := 5; RETURN NEW; END',
    'BEGIN NEW."id" = nextval(\'s\'); RETURN NEW; END',
    'BEGIN SELECT max(id) INTO NEW.id FROM orders; RETURN NEW; END',
    'BEGIN SELECT o.* INTO NEW FROM orders o; RETURN NEW; END',
    'DECLARE n orders; BEGIN n := NEW; n.id := 5; RETURN n; END',
    'BEGIN NEW := jsonb_populate_record(NEW, \'{"id":5}\'); RETURN NEW; END',
    'BEGIN RETURN (SELECT o FROM orders o LIMIT 1); END',
    undefined,
  ])('may give the row another one: %s', (body) => {
    expect(mayRekey(body, ['id'], 'postgres')).toBe(true);
  });

  it.each<[string, boolean]>([
    ['SET NEW.name = UPPER(NEW.name)', false],
    ["BEGIN IF NEW.id > 5 THEN SET NEW.name = 'x'; END IF; END", false],
    ["BEGIN SET NEW.name = 'x', NEW.`ID` = 7; END", true],
    ['SELECT MAX(id) INTO new.id FROM orders', true],
  ])('in MySQL: %s', (body, may) => {
    expect(mayRekey(body, ['Id'], 'mysql')).toBe(may);
  });
});
