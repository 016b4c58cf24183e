import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TagTable } from './tag-table.js';
import { ALL_TAG, keyTag, pathTag, reachOf, urlTag } from './tags.js';

describe('TagTable.admits (PROTOCOL 4.8, 4.13)', () => {
  it('admits what was read after the last invalidation of each tag', () => {
    const table = new TagTable();
    table.invalidate(['a'], 'soft');
    const token = table.clock;
    expect(table.admits(['a', 'b'], token)).toBe(true);
    table.invalidate(['other'], 'soft');
    expect(table.admits(['a', 'b'], token)).toBe(true);
  });

  it('refuses a token taken before an invalidation of one of its tags, however often others were invalidated', () => {
    const table = new TagTable();
    const token = table.clock;
    table.invalidate(['a'], 'soft');
    for (let i = 0; i < 100; i++) table.invalidate(['other'], 'soft');
    expect(table.admits(['b', 'a'], token)).toBe(false);
    expect(table.admits(['b'], token)).toBe(true);
  });

  it('refuses every older token once the record of an invalidation was let go', () => {
    const table = new TagTable(2);
    const old = table.clock;
    table.invalidate(['a'], 'soft');
    const young = table.clock;
    table.invalidate(['b'], 'soft');
    table.invalidate(['c'], 'soft');
    expect(table.size).toBe(2);
    expect(table.admits(['a'], old)).toBe(false);
    expect(table.admits(['never named'], old)).toBe(false);
    expect(table.admits(['a'], young)).toBe(true);
    expect(table.admits(['b'], young)).toBe(false);
  });

  it('lets the oldest invalidation go, not the tag that was named first', () => {
    const table = new TagTable(2);
    table.invalidate(['a'], 'soft');
    table.invalidate(['b'], 'soft');
    const token = table.clock;
    table.invalidate(['a'], 'soft');
    table.invalidate(['c'], 'soft');
    expect(table.admits(['b'], token)).toBe(true);
    expect(table.admits(['a'], token)).toBe(false);
  });
});

describe('TagTable.validity (PROTOCOL 4.3, 4.13)', () => {
  it.each([
    ['nothing', [], 'valid'],
    ['an invalidation', ['soft'], 'stale'],
    ['a purge', ['hard'], 'gone'],
    ['a purge and then an invalidation', ['hard', 'soft'], 'gone'],
    ['an invalidation and then a purge', ['soft', 'hard'], 'gone'],
  ] as const)('after %s: %j makes it %s', (_what, modes, expected) => {
    const table = new TagTable();
    const token = table.clock;
    const records = [table.retain('a'), table.retain('b')];
    for (const mode of modes) table.invalidate(['b'], mode);
    expect(table.validity(records, token)).toBe(expected);
    expect(table.validity(records, table.clock)).toBe('valid');
  });

  it('says gone even when a record before it is merely stale', () => {
    const table = new TagTable();
    const records = [table.retain('a'), table.retain('b')];
    table.invalidate(['a'], 'soft');
    table.invalidate(['b'], 'hard');
    expect(table.validity(records, 0)).toBe('gone');
  });

  it('keeps the record of a tag in use, however many others are invalidated', () => {
    const table = new TagTable(4);
    const records = [table.retain('a')];
    table.invalidate(['a'], 'soft');
    for (let i = 0; i < 50; i++) table.invalidate([`x${i}`], 'soft');
    expect(table.validity(records, 0)).toBe('stale');
    expect(table.validity(records, 1)).toBe('valid');
  });
});

describe('TagTable.ownValidity, of tags that follow from a key (PROTOCOL 4.13)', () => {
  const key = { tags: [urlTag('/a'), pathTag('/'), ALL_TAG] };

  it.each([
    ['nothing', [], 'valid'],
    ['an invalidation', ['soft'], 'stale'],
    ['a purge', ['hard'], 'gone'],
    ['an invalidation and then a purge', ['soft', 'hard'], 'gone'],
    ['a purge and then an invalidation', ['hard', 'soft'], 'gone'],
  ] as const)('after %s: %j makes it %s, and what was read after that is valid', (_what, modes, expected) => {
    const table = new TagTable();
    const token = table.clock;
    for (const mode of modes) table.invalidate([urlTag('/a')], mode);
    expect(table.ownValidity(key, token, token)).toBe(expected);
    expect(table.ownValidity(key, table.clock, table.clock)).toBe('valid');
  });

  it('says gone even when a tag before it is merely stale', () => {
    const table = new TagTable();
    table.invalidate([urlTag('/a')], 'soft');
    table.invalidate([ALL_TAG], 'hard');
    expect(table.ownValidity(key, 0, 0)).toBe('gone');
  });

  it('asks for the tags of a key only once one of a key was invalidated', () => {
    const table = new TagTable();
    table.invalidate(['declared'], 'soft');
    const unasked = {
      get tags(): readonly string[] {
        throw new Error('asked');
      },
    };
    expect(table.ownValidity(unasked, 0, 0)).toBe('valid');
    table.invalidate([urlTag('/other')], 'soft');
    expect(() => table.ownValidity(unasked, 0, 0)).toThrow('asked');
  });

  it('hears of an invalidation of a key that something else was made of, and so carries the tags of', () => {
    const table = new TagTable();
    table.retain(urlTag('/a'));
    table.invalidate([urlTag('/a')], 'soft');
    expect(table.ownValidity(key, 0, 0)).toBe('stale');
  });

  it('finds gone what is older than the records that are left, unless it was checked since', () => {
    const table = new TagTable(2);
    for (const url of ['/a', '/b', '/c', '/d']) table.invalidate([urlTag(url)], 'soft');
    expect(table.ownValidity(key, 0, 0)).toBe('gone');
    expect(table.ownValidity(key, 0, 1)).toBe('gone');
    expect(table.ownValidity(key, 0, 2)).toBe('valid');
    expect(table.admits(['x'], 1)).toBe(false);
  });

  it('loses nothing by invalidations of declared tags that nobody carries', () => {
    const table = new TagTable(2);
    for (let i = 0; i < 100; i++) table.invalidate([`row#${i}`], 'soft');
    expect(table.ownValidity(key, 0, 0)).toBe('valid');
    table.invalidate([pathTag('/')], 'soft');
    expect(table.ownValidity(key, 0, 0)).toBe('stale');
  });

  it('keeps the tag of coarsened rows among the declared ones, of which stored responses hold records', () => {
    const table = new TagTable(1);
    const [, rows = ''] = reachOf('city#1');
    const held = [table.retain(rows)];
    table.invalidate(reachOf('city#1'), 'soft');
    for (let i = 0; i < 10; i++) table.invalidate([urlTag(`/${i}`)], 'soft');
    expect(table.validity(held, 0)).toBe('stale');
  });
});

describe('TagTable records are bounded', () => {
  it('holds no record of a tag that nothing carries and nobody invalidated', () => {
    const table = new TagTable();
    const held = Array.from({ length: 100 }, (_, i) => [table.retain(`t${i}`), table.retain('shared')]);
    expect(table.size).toBe(101);
    for (const records of held) table.release(records);
    expect(table.size).toBe(0);
  });

  it('shares one record among all that carry the tag, and keeps it until the last of them has gone', () => {
    const table = new TagTable(0);
    const first = table.retain('a');
    expect(table.retain('a')).toBe(first);
    table.invalidate(['a'], 'soft');
    table.release([first]);
    expect(table.size).toBe(1);
    expect(table.retain('a').invalidatedAt).toBe(1);
    table.release([first]);
    table.release([first]);
    expect(table.size).toBe(0);
  });

  it('keeps no more characters of idle tags than it may, those of one long URL neither', () => {
    const table = new TagTable(100, 3_000);
    const key = { tags: [urlTag('/a')] };
    const long = (i: number) => urlTag(`/${i}${'z'.repeat(900)}`);
    for (let i = 0; i < 50; i++) table.invalidate([long(i), `declared-${i}`], 'soft');
    expect(table.size).toBe(3 + 50);
    expect(table.ownValidity(key, 46, 46)).toBe('gone');
    expect(table.ownValidity(key, 47, 47)).toBe('valid');
    table.invalidate([urlTag('z'.repeat(4_000))], 'soft');
    expect(table.size).toBe(50);
    expect(table.ownValidity(key, 50, 50)).toBe('gone');
    // What is in use again does not count.
    table.release([table.retain('declared-1')]);
    for (let i = 0; i < 3; i++) table.invalidate([long(i)], 'soft');
    expect(table.size).toBe(3 + 50);
  });

  it('takes a record out of the ring when something carries it again', () => {
    const table = new TagTable(1);
    table.invalidate(['a'], 'soft');
    const record = table.retain('a');
    table.invalidate(['b'], 'soft');
    table.invalidate(['c'], 'soft');
    expect(record.invalidatedAt).toBe(1);
    expect(table.retain('a')).toBe(record);
    expect(table.size).toBe(2);
  });

  it('does not grow by a hundred thousand invalidations of unknown tags', () => {
    const table = new TagTable(1_000);
    for (let i = 0; i < 100_000; i++) table.invalidate([`unknown-${i}`], i % 2 === 0 ? 'soft' : 'hard');
    expect(table.size).toBe(1_000);
  });
});

/** What a table with memory without end would say. */
class Model {
  clock = 0;
  readonly log: { readonly at: number; readonly tag: string; readonly mode: 'soft' | 'hard' }[] = [];

  invalidate(tags: readonly string[], mode: 'soft' | 'hard'): void {
    this.clock++;
    for (const tag of tags) this.log.push({ at: this.clock, tag, mode });
  }

  validity(tags: readonly string[], token: number): string {
    const since = this.log.filter(({ at, tag }) => at > token && tags.includes(tag));
    if (since.some(({ mode }) => mode === 'hard')) return 'gone';
    return since.length > 0 ? 'stale' : 'valid';
  }
}

const tag = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const tags = fc.uniqueArray(tag, { minLength: 1, maxLength: 3 });
const command = fc.oneof(
  fc.record({
    kind: fc.constant('invalidate' as const),
    tags,
    mode: fc.constantFrom('soft' as const, 'hard' as const),
  }),
  fc.record({ kind: fc.constant('begin' as const) }),
  fc.record({ kind: fc.constant('enter' as const), tags, fill: fc.nat(5) }),
  fc.record({ kind: fc.constant('leave' as const), item: fc.nat(5) }),
);

describe('TagTable against a table that forgets nothing', () => {
  it('never finds valid by name what the model does not', () => {
    const own = fc.constantFrom(...['/a', '/b', '/c', '/d'].map(urlTag));
    const owns = fc.uniqueArray(own, { minLength: 1, maxLength: 3 });
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('invalidate' as const),
        tags: fc.oneof(owns, tags),
        mode: fc.constantFrom('soft' as const, 'hard' as const),
      }),
      fc.record({ kind: fc.constant('enter' as const), tags: owns }),
      fc.record({ kind: fc.constant('check' as const), tags: owns }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(4), (steps, ring) => {
        const table = new TagTable(ring);
        const model = new Model();
        const items: { tags: string[]; token: number; checked: number }[] = [];
        for (const each of steps) {
          if (each.kind === 'invalidate') {
            model.invalidate(each.tags, each.mode);
            table.invalidate(each.tags, each.mode);
          } else if (each.kind === 'enter') {
            items.push({ tags: each.tags, token: table.clock, checked: table.clock });
          }
          for (const item of items) {
            const said = table.ownValidity(item, item.token, item.checked);
            const expected = model.validity(item.tags, item.token);
            if (said === 'valid') expect(expected).toBe('valid');
            if (said === 'stale') expect(expected).toBe('stale');
            if (ring >= 4) expect(said).toBe(expected);
            if (each.kind === 'check' && said === 'valid') item.checked = table.clock;
          }
          expect(table.size).toBeLessThanOrEqual(2 * ring);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('never admits and never finds valid what the model does not, and what is held it judges exactly', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), fc.nat(4), (commands, ring) => {
        const table = new TagTable(ring);
        const model = new Model();
        const fills: number[] = [];
        const items: { tags: string[]; token: number; records: ReturnType<TagTable['retain']>[] }[] = [];
        for (const each of commands) {
          if (each.kind === 'invalidate') {
            model.invalidate(each.tags, each.mode);
            expect(table.invalidate(each.tags, each.mode)).toBe(model.clock);
          } else if (each.kind === 'begin') {
            fills.push(table.clock);
          } else if (each.kind === 'enter' && fills.length > 0) {
            const token = fills[each.fill % fills.length] ?? 0;
            const isAdmitted = table.admits(each.tags, token);
            if (isAdmitted) {
              expect(model.validity(each.tags, token)).toBe('valid');
              items.push({ tags: each.tags, token, records: each.tags.map((name) => table.retain(name)) });
            }
            if (token === table.clock) expect(isAdmitted).toBe(true);
          } else if (each.kind === 'leave' && items.length > 0) {
            const [item] = items.splice(each.item % items.length, 1);
            if (item !== undefined) table.release(item.records);
          }
          for (const item of items)
            expect(table.validity(item.records, item.token)).toBe(model.validity(item.tags, item.token));
          expect(table.size).toBeLessThanOrEqual(ring + new Set(items.flatMap((item) => item.tags)).size);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('knows what became of the tag of a key that something else holds a record of', () => {
    const tags = new TagTable();
    const own = { tags: [keyTag('inner')] };
    tags.retain(keyTag('inner'));
    const token = tags.clock;
    tags.invalidate([keyTag('inner')], 'soft');
    expect(tags.ownValidity(own, token, token)).toBe('stale');
    tags.invalidate([keyTag('inner')], 'hard');
    expect(tags.ownValidity(own, token, token)).toBe('gone');
    expect(tags.ownValidity(own, tags.clock, tags.clock)).toBe('valid');
  });
});
