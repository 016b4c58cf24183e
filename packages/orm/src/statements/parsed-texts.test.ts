import { describe, expect, it } from '@jest/globals';
import { statementsOf } from './dialect-statements.js';
import { ParsedTexts } from './parsed-texts.js';

function counting(limits: { texts?: number; characters?: number; longest?: number } = {}) {
  const parsed: string[] = [];
  const texts = new ParsedTexts(
    (text: string) => {
      parsed.push(text);
      return { text };
    },
    { texts: 4, characters: 1_000, longest: 100, ...limits },
  );
  return { texts, parsed };
}

describe('texts that were read before', () => {
  it('are read once', () => {
    const { texts, parsed } = counting();
    expect(texts.get('a')).toBe(texts.get('a'));
    expect(parsed).toEqual(['a']);
  });

  it('go when as many others were used since', () => {
    const { texts, parsed } = counting();
    for (const text of ['a', 'b', 'c', 'd', 'e']) texts.get(text);
    expect(texts.size).toBeLessThanOrEqual(4);
    texts.get('a');
    expect(parsed.filter((text) => text === 'a')).toHaveLength(2);
  });

  it('stay for as long as they are used', () => {
    const { texts, parsed } = counting();
    for (const text of ['b', 'c', 'd', 'e', 'f']) {
      texts.get('a');
      texts.get(text);
    }
    expect(parsed.filter((text) => text === 'a')).toHaveLength(1);
  });

  it('go when all of them have too many characters', () => {
    const { texts } = counting({ texts: 1_000, characters: 100, longest: 60 });
    for (let at = 0; at < 100; at++) texts.get(String(at).padEnd(30, 'x'));
    expect(texts.size).toBeLessThanOrEqual(4);
  });

  it('are not kept where one is longer than what is worth it', () => {
    const { texts } = counting();
    texts.get('x'.repeat(101));
    expect(texts.size).toBe(0);
  });
});

describe('statementsOf', () => {
  it('remembers what it has read, for each dialect', () => {
    const sql = 'SELECT * FROM Posts WHERE id = 1';
    expect(statementsOf('postgres').footprints(sql)).toBe(statementsOf('postgres').footprints(sql));
    const [read] = statementsOf('mysql').footprints(sql)[0]?.reads ?? [];
    expect(read?.table).toBe('Posts');
    expect(read && statementsOf('mysql').rowsOf(read, [], ['id'])).toEqual([['1']]);
  });
});
