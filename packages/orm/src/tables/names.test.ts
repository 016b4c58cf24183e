import { describe, expect, it } from '@jest/globals';
import { rowId, tableTag, writtenRowId } from './names.js';

describe('the tag of a table', () => {
  it('has its schema and namespace in front only where there are any', () => {
    expect(tableTag('users', undefined, undefined)).toBe('users');
    expect(tableTag('users', 'billing', undefined)).toBe('billing.users');
    expect(tableTag('users', 'billing', 'shop')).toBe('shop:billing.users');
  });

  it('is that of one table alone, whatever the names', () => {
    const names: [string, (string | undefined)?, string?][] = [
      ['a.b'],
      ['b', 'a'],
      ['b.c', 'a'],
      ['c', 'a.b'],
      ['c', 'b', 'a'],
      ['b.c', undefined, 'a'],
      ['a#1'],
      ['a!bulk'],
      ['a%231'],
      ['x'.repeat(300)],
      [`${'x'.repeat(300)}y`],
    ];
    expect(new Set(names.map(([name, schema, space]) => tableTag(name, schema, space))).size).toBe(names.length);
  });

  it('can be a tag, with any suffix', () => {
    for (const name of ['a\nb', 'a\u007fb', '\u0000', 'é'.repeat(500), '#', '!bulk']) {
      const tag = tableTag(name, name, name);
      expect(tag.length).toBeLessThanOrEqual(120);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it is about
      expect(tag).not.toMatch(/[\u0000-\u001f\u007f#!]/);
    }
  });
});

describe('the id of a row', () => {
  it.each<[string, readonly unknown[]]>([
    ['a number', [1, '1', 1n, '01', ' 1', '+1', '1.0', 1.0]],
    ['a number as programs write it', [1024, '1_024', '0x400', '0X4_00', '+0o2000', '0b100_0000_0000']],
    ['a fraction', ['1.5', '01.50', 1.5]],
    ['nothing', [0, '0', '-0', '0.0', '.0']],
    [
      'a UUID',
      [
        'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
        'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
        '{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}',
        'a0eebc999c0b4ef8bb6d6bb9bd380a11',
      ],
    ],
    ['a text in any collation', ['Ärger', 'ärger', 'ARGER', 'arger ']],
  ])('is one for %s, however it is spelled', (_, spellings) => {
    expect(new Set(spellings.map((value) => rowId([value]))).size).toBe(1);
  });

  it('differs where a row differs', () => {
    const rows = [
      [1],
      [-1],
      ['a'],
      ['b'],
      ['1', '2'],
      ['1,2'],
      ['1%2c2'],
      ['1', '2', ''],
      ['x'.repeat(300)],
      ['x'.repeat(301)],
    ];
    expect(new Set(rows.map(rowId)).size).toBe(rows.length);
  });

  it('is none for what can be spelled in ways that nobody can list', () => {
    for (const value of [
      new Date(0),
      true,
      null,
      undefined,
      '1e3',
      `${'0'.repeat(31)}1`,
      `0b${'01'.repeat(15)}`,
      'inf',
      '-Infinity',
      1e300,
      2 ** 60,
      Number.NaN,
      {},
      Buffer.from('a'),
    ])
      expect(rowId([value])).toBeUndefined();
    expect(rowId([])).toBeUndefined();
  });

  it('can be a tag behind any table', () => {
    for (const value of ['\n', '\u0000', 'é'.repeat(1000), ','.repeat(1000)]) {
      const id = rowId([value, value]) ?? '';
      expect(`${tableTag('t'.repeat(500), 's', 'n')}#${id}`.length).toBeLessThanOrEqual(256);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it is about
      expect(id).not.toMatch(/[\u0000-\u001f\u007f]/);
    }
  });

  it('takes time as the text is long, whatever a client has sent', () => {
    // By a pattern that tries each split of the zeros this would be hours.
    const zeros = '0'.repeat(1_000_000);
    for (const text of [`${zeros}x`, `.${zeros}1`, `${zeros}1.${zeros}`, `-${zeros}e`, `1_${zeros}z`])
      expect(rowId([text])).toBe(rowId([text]));
  });

  it('by hand is as it was written', () => {
    expect(writtenRowId(['Ana'])).toBe('Ana');
    expect(rowId(['Ana'])).toBe('ana');
  });
});
