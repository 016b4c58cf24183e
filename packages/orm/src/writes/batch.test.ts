import { describe, expect, it } from '@jest/globals';
import { TableMap } from '../tables/table-map.js';
import { WriteBatch } from './batch.js';

const map = new TableMap({ speaks: 'mongodb' });
const [users] = map.of({ table: 'users', schema: undefined });
if (users === undefined) throw new Error('no table');

describe('what was written', () => {
  it('comes to each tag once: the table, its rows, and what stands for those that nobody knows', () => {
    const batch = new WriteBatch(64);
    batch.rows(users, [['1'], ['2'], ['1']]);
    expect(batch.tags()).toEqual(['users', 'users#1', 'users#2']);
    batch.inserted(users);
    expect(batch.tags()).toEqual(['users', 'users!ins', 'users#1', 'users#2']);
    batch.bulk(users);
    batch.rows(users, [['3']]);
    expect(batch.tags()).toEqual(['users', 'users!bulk', 'users!ins']);
  });

  it('is any row of a table, from so many on, also of several frames', () => {
    const batch = new WriteBatch(2);
    batch.rows(users, [['1'], ['2']]);
    expect(batch.tags()).toHaveLength(3);
    const other = new WriteBatch(2);
    other.rows(users, [['3']]);
    batch.merge(other);
    expect(batch.tags()).toEqual(['users', 'users!bulk']);
  });

  it('has many spellings, which count for one', () => {
    const there = new TableMap({ speaks: 'mysql', path: { schemas: ['public'], isSure: true } });
    const [invoices] = there.of({ table: 'invoices', schema: 'billing' });
    if (invoices === undefined) throw new Error('no table');
    const batch = new WriteBatch(2);
    batch.rows(invoices, [['ab', ['AB', 'a-b']], ['cd', ['CD']], ['ab']]);
    expect(batch.names()).toEqual(['billing.invoices', 'billing.invoices#ab', 'billing.invoices#cd']);
    expect(batch.tags()).toEqual(
      expect.arrayContaining(['invoices', 'invoices#AB', 'billing.invoices#a-b', 'invoices#cd']),
    );
    batch.rows(invoices, [['ef']]);
    expect(batch.names()).toEqual(['billing.invoices', 'billing.invoices!bulk']);
    expect(batch.tags()).toContain('invoices!bulk');
  });

  it('is nothing until something was', () => {
    const batch = new WriteBatch(2);
    batch.merge(new WriteBatch(2));
    batch.name([]);
    expect(batch.isEmpty).toBe(true);
    batch.rows(users, [['1']]);
    expect(batch.isEmpty).toBe(false);
  });
});
