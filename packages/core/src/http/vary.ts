import { closingQuote, type FieldValue, isOws, isTchar, isToken, splitList } from './syntax.js';

/** `'*'`, or the selecting headers: names in lower case, sorted, each once. */
export type Vary = '*' | readonly string[];

const NOTHING: readonly string[] = Object.freeze([]);

/**
 * Reads a Vary field in all its lines (RFC 9110 §12.5.5).
 *
 * A `*` anywhere in the list wins: such a response never matches another request (RFC 9111 §4.1). A member that is no
 * field name counts as `*` too, because what was meant to select is then unknown.
 *
 * @example
 * ```ts
 * parseVary(['Origin', 'accept-encoding, Origin']); // ['accept-encoding', 'origin']
 * ```
 */
export function parseVary(field: FieldValue): Vary {
  if (field === undefined) return NOTHING;
  const lines = typeof field === 'object' ? field : [String(field)];
  const names = new Set<string>();
  for (const line of lines) {
    for (const name of splitList(line)) {
      if (name === '*' || !isToken(name)) return '*';
      names.add(name.toLowerCase());
    }
  }
  return names.size === 0 ? NOTHING : [...names].sort();
}

/** How far the syntax of a selecting header lets two values be compared as equal. */
enum Folding {
  /** A single value: only what surrounds it may go. */
  Trim,
  /** A list: whitespace around commas says nothing. */
  List,
  /** Also without letter case, and with whitespace around `;` gone. */
  ListAnyCase,
  /** Likewise, except that the value of a parameter keeps its case. */
  ListAnyCaseNames,
}

const FOLDING: ReadonlyMap<string, Folding> = new Map<string, Folding>([
  // RFC 9110 §12.5.1: types, subtypes and parameter names have no case; a parameter's value may have.
  ['accept', Folding.ListAnyCaseNames],
  // §12.5.2, §8.4.1, RFC 4647 §2: charsets, content codings and language ranges have no case.
  ['accept-charset', Folding.ListAnyCase],
  ['accept-encoding', Folding.ListAnyCase],
  ['accept-language', Folding.ListAnyCase],
  // Not lists: a comma in them is a character like any other.
  ...[
    'authorization',
    'cookie',
    'date',
    'from',
    'host',
    'if-modified-since',
    'if-range',
    'if-unmodified-since',
    'origin',
    'proxy-authorization',
    'range',
    'referer',
    'user-agent',
  ].map((name): [string, Folding] => [name, Folding.Trim]),
]);

/**
 * The value by which a request field selects among variants, normalised as far as its own syntax allows.
 *
 * Implements RFC 9111 §4.1: several lines are one list, whitespace that says nothing is dropped, and letter case is
 * folded where the field is defined without it. Two requests that a producer could tell apart stay apart.
 *
 * @param name - the field's name in lower case
 * @returns `undefined` for an absent field, which differs from an empty one
 */
export function selectingValue(name: string, raw: FieldValue): string | undefined {
  if (raw === undefined) return undefined;
  const folding = FOLDING.get(name) ?? Folding.List;
  const text = typeof raw === 'string' ? raw : typeof raw === 'number' ? String(raw) : raw.join(',');
  return isFolded(text, folding) ? text : remembered(text, folding);
}

/** Browsers send a handful of values again and again: a hit looks them up here rather than folding them anew. */
const known: Record<Folding.ListAnyCase | Folding.ListAnyCaseNames, Map<string, string>> = {
  [Folding.ListAnyCase]: new Map(),
  [Folding.ListAnyCaseNames]: new Map(),
};
const MAX_KNOWN = 256;
const MAX_KNOWN_LENGTH = 256;

function remembered(text: string, folding: Folding): string {
  // Only the accept family: fields of any other name may hold what is not to be kept.
  if (folding < Folding.ListAnyCase || text.length > MAX_KNOWN_LENGTH) return fold(text, folding);
  const values = known[folding as Folding.ListAnyCase];
  let value = values.get(text);
  if (value === undefined) {
    value = fold(text, folding);
    // Whoever floods it only makes others fold again.
    if (values.size >= MAX_KNOWN) values.clear();
    values.set(text, value);
  }
  return value;
}

/** One look at most values is enough: nothing to fold, and then nothing is allocated. */
function isFolded(text: string, folding: Folding): boolean {
  const anyCase = folding >= Folding.ListAnyCase;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (isOws(code)) {
      if (i === 0 || i === text.length - 1) return false;
      if (folding === Folding.Trim) continue;
      if (separates(text.charCodeAt(i - 1), anyCase) || isOws(text.charCodeAt(i + 1))) return false;
      if (separates(text.charCodeAt(i + 1), anyCase)) return false;
    } else if (anyCase && code >= 0x41 && code <= 0x5a) return false;
  }
  return true;
}

function separates(code: number, parameters: boolean): boolean {
  return code === 0x2c || (parameters && code === 0x3b);
}

function fold(text: string, folding: Folding): string {
  let end = text.length;
  while (end > 0 && isOws(text.charCodeAt(end - 1))) end--;
  let start = 0;
  while (start < end && isOws(text.charCodeAt(start))) start++;
  if (folding === Folding.Trim) return text.slice(start, end);

  const anyCase = folding >= Folding.ListAnyCase;
  let out = '';
  let quotesClose = true;
  for (let i = start; i < end; ) {
    const from = i;
    const code = text.charCodeAt(i);
    if (code === 0x22 && quotesClose) {
      // What is quoted is data, to the letter.
      const close = closingQuote(text, i + 1);
      if (close === -1) quotesClose = false;
      i = close === -1 ? i + 1 : close + 1;
      out += text.slice(from, i);
    } else if (isOws(code) || separates(code, anyCase)) {
      i = endOfGap(text, i, end, anyCase);
      out += foldGap(text, from, i, anyCase);
    } else if (code === 0x3d && folding === Folding.ListAnyCaseNames) {
      i++;
      while (i < end && isTchar(text.charCodeAt(i))) i++;
      out += text.slice(from, i);
    } else {
      i++;
      while (i < end && isPlain(text.charCodeAt(i), anyCase)) i++;
      const run = text.slice(from, i);
      out += anyCase ? run.toLowerCase() : run;
    }
  }
  return out;
}

/** Neither quote, `=`, whitespace nor separator: goes over in one piece. */
function isPlain(code: number, anyCase: boolean): boolean {
  return code !== 0x22 && code !== 0x3d && !isOws(code) && !separates(code, anyCase);
}

function endOfGap(text: string, start: number, end: number, anyCase: boolean): number {
  let i = start;
  while (i < end && (isOws(text.charCodeAt(i)) || separates(text.charCodeAt(i), anyCase))) i++;
  return i;
}

/** A gap without a separator is data and stays as it is; one with separators keeps only those. */
function foldGap(text: string, start: number, end: number, anyCase: boolean): string {
  let out = '';
  for (let i = start; i < end; i++) if (separates(text.charCodeAt(i), anyCase)) out += text[i];
  return out === '' ? text.slice(start, end) : out;
}
