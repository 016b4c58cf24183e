import fc from 'fast-check';

/** Texts made of others: one within another, two joined, parts left out, doubled, moved from one to the next. */
export function mutations(texts: readonly string[]): fc.Arbitrary<string> {
  const text = fc.constantFrom(...texts);
  const query = fc.constantFrom(
    ...texts.filter((each) => /^(?:select|with|values|table)\b/i.test(each) && !/;|\binto\b/i.test(each)),
  );
  const cut = fc.tuple(fc.nat(), fc.nat(3));
  return fc.oneof(
    fc.tuple(query, query).map(([a, b]) => `${a} UNION ALL ${b}`),
    fc.tuple(query, query).map(([a, b]) => `SELECT * FROM (${a}) x, (${b}) y, last_one`),
    fc.tuple(query, text).map(([a, b]) => `WITH cte_1 AS (${a}) ${b}`),
    fc
      .tuple(query, query)
      .map(
        ([a, b]) => `WITH cte_1 AS (${a}), cte_2 AS (${b}) SELECT (SELECT 1 FROM cte_1), x FROM cte_2 JOIN t9 ON true`,
      ),
    fc.tuple(text, query).map(([a, b]) => `${a} WHERE x IN (${b})`),
    fc.tuple(text, query).map(([a, b]) => `${a} AND EXISTS (${b})`),
    fc.tuple(text, query).map(([a, b]) => a.replace(/=\s*(?:\$\d|\?|\d+)/, `= (${b})`)),
    fc.tuple(text, query).map(([a, b]) => a.replace(/\bVALUES\s*\(/i, `VALUES ((${b}), `)),
    query.map((a) => `INSERT INTO target_1 ${a}`),
    query.map((a) => `EXPLAIN ${a}`),
    fc
      .tuple(text, fc.constantFrom('/* from x */', '-- join y\n', '\n', '/* ; */'))
      .map(([a, b]) => a.replaceAll(' ', () => b)),
    fc.tuple(text, cut).map(([a, [at, count]]) => spliced(a, at, count, [])),
    fc
      .tuple(text, text, cut, cut)
      .map(([a, b, [at, count], [from, length]]) => spliced(a, at, count, taken(b, from, length + 1))),
    fc.tuple(text, cut, cut).map(([a, [at], [from, length]]) => spliced(a, at, 0, taken(a, from, length + 1))),
    fc.tuple(text, text).map(([a, b]) => `${a}; ${b}`),
  );
}

/** Words, signs and blanks of a text: put together they are the text. */
function partsOf(text: string): string[] {
  return text.match(/'(?:[^']|'')*'|"[^"]*"|`[^`]*`|\w+|\s+|[^\w\s]/g) ?? [];
}

function spliced(text: string, at: number, count: number, others: readonly string[]): string {
  const parts = partsOf(text);
  parts.splice(at % (parts.length + 1), count, ...others);
  return parts.join('');
}

function taken(text: string, from: number, count: number): string[] {
  const parts = partsOf(text);
  const start = from % (parts.length + 1);
  return [' ', ...parts.slice(start, start + count * 2), ' '];
}
