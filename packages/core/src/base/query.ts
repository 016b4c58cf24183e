/**
 * Parsers read the first 1,000 parameters only (`qs`, `node:querystring`), empty ones counted, and apps may set less:
 * with more than this, what is left out or moved could decide which of the others are read.
 */
const MOST_PARAMETERS = 100;

/**
 * A query with its names in one order, so that `?b=2&a=1` and `?a=1&b=2` are one target.
 *
 * Values of one name keep their order (`?q=a&q=b` is not `?q=b&q=a`), and nothing is joined or decoded in the result:
 * `?q=a&q=b`, `?q=ab` and `?q=a,b` stay three. Names are grouped as a body parser would read them: percent-decoded,
 * and `a[]`, `a[0]`, `[a]` with `a`, because those meet in one variable of the handler.
 *
 * A query that a parser may read otherwise than it is read here is left as it is: one with a semicolon, which separates
 * for some, so that `utm_x=1;q=2` hides a `q`; and one with more parameters than a parser may read, of which the last are hidden.
 *
 * @param query - without the question mark
 * @param isIgnored - tells of a decoded name whether it says nothing to the handler (`utm_source`)
 */
export function normalizeQuery(query: string, isIgnored: (name: string) => boolean): string {
  if (query === '') return '';
  if (query.includes(';')) return query;
  if (!query.includes('&')) return isIgnored(nameOf(query)) ? '' : query;
  const texts = query.split('&', MOST_PARAMETERS + 1);
  if (texts.length > MOST_PARAMETERS) return query;
  const pairs: { group: string; text: string }[] = [];
  let isSorted = true;
  for (const text of texts) {
    if (text === '') continue;
    const name = nameOf(text);
    if (isIgnored(name)) continue;
    const group = groupOf(name);
    const last = pairs.at(-1);
    if (last !== undefined && last.group > group) isSorted = false;
    pairs.push({ group, text });
  }
  // Array.prototype.sort is stable: pairs of one group keep the order they came in.
  if (!isSorted) pairs.sort((a, b) => (a.group < b.group ? -1 : a.group > b.group ? 1 : 0));
  return pairs.map((pair) => pair.text).join('&');
}

/** What stands in front of the brackets; without that, what stands in the first (`qs` reads `[]` as `0`). */
function groupOf(name: string): string {
  const bracket = name.indexOf('[');
  if (bracket < 0) return name;
  if (bracket > 0) return name.slice(0, bracket);
  const pair = /\[([^[\]]*)\]/.exec(name);
  if (pair === null) return name;
  return pair.index > 0 ? name.slice(0, pair.index) : pair[1] || '0';
}

function nameOf(pair: string): string {
  const equals = pair.indexOf('=');
  const name = equals < 0 ? pair : pair.slice(0, equals);
  if (!name.includes('%') && !name.includes('+')) return name;
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return name;
  }
}
