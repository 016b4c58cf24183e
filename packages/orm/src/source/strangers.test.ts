import { describe, expect, it } from '@jest/globals';
import { TableMap } from '../tables/table-map.js';
import { Strangers } from './strangers.js';

const kids = { table: 'kids', schema: undefined };

function mapWith(...names: string[]): TableMap {
  const map = new TableMap();
  map.describe(names.map((name) => ({ name })));
  return map;
}

describe('a name that nobody has described', () => {
  it('is worth a reading at once, and then ever more rarely', () => {
    let now = 0;
    const strangers = new Strangers(() => now);
    const readings: number[] = [];
    for (; now < 300_000; now += 500) if (strangers.isWorthReading(kids)) readings.push(now / 1_000);
    expect(readings).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
  });

  it('is forgotten when it is found', () => {
    const strangers = new Strangers(() => 0);
    strangers.isWorthReading(kids);
    expect([strangers.found(mapWith('others')), strangers.isWorthReading(kids)]).toEqual([false, false]);
    expect([strangers.found(mapWith('kids')), strangers.found(mapWith('kids'))]).toEqual([true, false]);
    expect(strangers.isWorthReading(kids)).toBe(true);
  });

  it('is none where statements that were heard have made it', () => {
    const strangers = new Strangers(() => 0);
    strangers.isWorthReading(kids);
    strangers.tablesChanged();
    expect(strangers.found(mapWith('kids'))).toBe(false);
  });

  it('is nothing to ask about in what databases keep for themselves, nor where there are ever more', () => {
    const strangers = new Strangers(() => 0);
    for (const name of [
      { table: 'pg_class', schema: undefined },
      { table: 'tables', schema: 'information_schema' },
    ])
      expect(strangers.isWorthReading(name)).toBe(false);
    const asked = Array.from({ length: 150 }, (_, i) =>
      strangers.isWorthReading({ table: `t${i}`, schema: undefined }),
    );
    expect(asked.filter(Boolean)).toHaveLength(100);
  });
});
