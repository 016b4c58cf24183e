/**
 * A query with its names in one order, so that `?b=2&a=1` and `?a=1&b=2` are one target.
 *
 * Values of one name keep their order (`?q=a&q=b` is not `?q=b&q=a`), and nothing is joined or decoded in the result:
 * `?q=a&q=b`, `?q=ab` and `?q=a,b` stay three. Names are grouped as a body parser would read them: percent-decoded,
 * and `a[]`, `a[0]` with `a`, because those meet in one variable of the handler.
 *
 * @param query - without the question mark
 * @param isIgnored - tells of a decoded name whether it says nothing to the handler (`utm_source`)
 */
export function normalizeQuery(query: string, isIgnored: (name: string) => boolean): string {
  if (query === '') return '';
  const pairs: { group: string; text: string }[] = [];
  let isSorted = true;
  for (const text of query.split('&')) {
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

/** `a[]`, `a[0]` and `[a]` all end up in `a`. */
function groupOf(name: string): string {
  const closing = name.startsWith('[') ? name.indexOf(']') : -1;
  if (closing > 1) return name.slice(1, closing);
  const bracket = name.indexOf('[');
  return bracket > 0 ? name.slice(0, bracket) : name;
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
