import { printable } from '../base/printable.js';
import { spelledKey } from '../base/spelled-key.js';
import { isUsualParameter } from './usual-parameters.js';

/** What is not shown, and is the same in all keys; what differs is what makes a key new. */
const SAME = '…';
const DIFFERS = '<differs>';
const LONGEST = 100;
/** Names of properties may be the client's to choose, too. */
const NAME = /^[\w.[\]-]{1,40}$/;

/** What a key is of: a route's view, a call of a memoized function, or a value with a key of the app's own. */
export type KeyKind = 'view' | 'call' | 'value';

export function kindOfKey(key: string): KeyKind {
  if (key.startsWith('\n(')) return 'call';
  return /^[A-Z]+ /.test(key) ? 'view' : 'value';
}

/** One piece of a key: what is shown as it is, or the value of a name, which is not. */
type Piece = string | { readonly name: string; readonly value: string };

/**
 * Keys as a log may have them, each once: of a view its URL, those names in its query that are usual ones, how many others there are,
 * and the names of its selecting headers, but no value of any of these, nor what a `key` function has returned: it may be a token, a
 * login or an address. Of a value what stands in front of the first separator, of a call its name, its small numbers, and names that
 * all of these calls have. Of what is left out it says whether it differs among these keys.
 */
export function shownKeys(keys: readonly string[]): readonly string[] {
  const names = commonNames(keys);
  const all = keys.map((key) => piecesOf(key, names));
  const valuesOf = all.map((pieces) => {
    const values = new Map<string, string>();
    for (const piece of pieces)
      if (typeof piece !== 'string') values.set(piece.name, `${values.get(piece.name) ?? ''}\n${piece.value}`);
    return values;
  });
  const differs = (name: string): boolean => new Set(valuesOf.map((values) => values.get(name))).size > 1;
  const shown = (piece: Piece): string => {
    if (typeof piece === 'string') return piece;
    return differs(piece.name) ? DIFFERS : SAME;
  };
  return [...new Set(all.map((pieces) => printable(pieces.map(shown).join('')).slice(0, LONGEST)))];
}

function piecesOf(key: string, names: ReadonlySet<string>): readonly Piece[] {
  const [line = '', method = '', origin = '', path = '', query = ''] =
    /^([A-Z]+) (?:(https?:\/\/[^\n/?@]+)(\/[^\n?]*)(?:\?([^\n]*))?)?/.exec(key) ?? [];
  if (line === '') return key.startsWith('\n(') ? callPieces(spelledKey(key), names) : valuePieces(key);
  // A host or a target that no browser sends.
  if (origin === '') return [`${method} `, { name: 'target', value: key.slice(line.length) }];
  return [
    `${method} ${origin}`,
    ...pathPieces(path),
    ...queryPieces(query),
    ...addedPieces(key.slice(line.length), key.slice(method.length + 1 + origin.length, line.length)),
  ];
}

/** Segments as they are, but for those that look like a token or an id. */
function pathPieces(path: string): readonly Piece[] {
  return path
    .split('/')
    .slice(1)
    .flatMap((segment, i): Piece[] => ['/', isLikeToken(segment) ? { name: `/${i}`, value: segment } : segment]);
}

/** Whoever asks chooses names as well: one may be a token, or an address. */
function queryPieces(query: string): readonly Piece[] {
  if (query === '') return [];
  const pieces: Piece[] = [];
  const others: string[] = [];
  for (const part of query.split('&')) {
    const end = part.indexOf('=');
    const name = part.slice(0, Math.max(0, end));
    if (!isUsualParameter(name)) others.push(part);
    else pieces.push(`${markAt(pieces)}${name}=`, { name: `?${name}`, value: part.slice(end + 1) });
  }
  if (others.length === 0) return pieces;
  const count = others.length === 1 ? '1 other' : `${others.length} others`;
  return [...pieces, `${markAt(pieces)}(${count}) `, { name: '?', value: others.join('&') }];
}

function markAt(pieces: readonly Piece[]): string {
  return pieces.length === 0 ? '?' : '&';
}

/**
 * What options and selecting headers have added to a key, each in a line of its own, mostly behind its length.
 *
 * @param target - what they were added to
 */
function addedPieces(added: string, target: string): readonly Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < added.length; ) {
    const rest = added.slice(at);
    const [line = ''] = /^\n[^\n]*/.exec(rest) ?? [];
    const [front, kind = '', name = '', length] = /^\n(?:([>@=])|~([^\n=]+)(?:=|(?=\n|$)))(?:(\d+):)?/.exec(rest) ?? [];
    // What is in between is a prefix or a view's space, which are the app's own words.
    const end = front === undefined ? line.length : front.length + Number(length ?? 0);
    if (end === 0) break;
    at += end;
    if (front === undefined) continue;
    const what = name === '' ? (WORDS[kind] ?? '') : name;
    const value = rest.slice(front.length, end);
    // A view within another one has a key of its own, and nobody has rewritten its URL.
    if (kind === '>' && value === `${target}${INNER}`) pieces.push(', inner view');
    else pieces.push(`, ${what} `, { name: `, ${what}`, value });
  }
  return pieces;
}

const INNER = '\n>inner';
const WORDS: Readonly<Record<string, string>> = { '>': 'rewritten', '@': 'beside', '=': 'key' };

/** `user:…`, `page:17`, `cart › user:…`. */
function valuePieces(key: string): readonly Piece[] {
  const spelled = spelledKey(key);
  const [space = ''] = (/^=\d*:/.test(key) ? /^.*? › /.exec(spelled) : undefined) ?? [];
  const own = spelled.slice(space.length);
  const [kind = ''] = /^[^:/|]{1,40}[:/|]/.exec(own) ?? [];
  const front = isLikeToken(kind) ? '' : kind;
  const value = own.slice(front.length);
  return [space, front, /^\d{1,9}$/.test(value) ? value : { name: 'value', value }];
}

const TEXTS = /("(?:[^"\\]|\\.)*":?|\d{9,})/;

/** `statsOf(17, …)`: no texts but names of properties, and no numbers that are as long as those of a telephone. */
function callPieces(spelled: string, names: ReadonlySet<string>): readonly Piece[] {
  return spelled.split(TEXTS).flatMap((part, i): readonly Piece[] => {
    const name = nameIn(part);
    const isShown = i % 2 === 0 || (name !== undefined && (names.has(name) || isUsualParameter(name)));
    if (isShown) return [part];
    return [{ name: `argument ${i}`, value: part }, part.endsWith('":') ? ':' : ''];
  });
}

/** Names of properties that several calls have, all of them: a query may have been handed on as it came. */
function commonNames(keys: readonly string[]): ReadonlySet<string> {
  const [first, ...others] = keys
    .filter((key) => kindOfKey(key) === 'call')
    .map((key) => new Set(spelledKey(key).split(TEXTS).map(nameIn)));
  const common =
    others.length === 0 ? [] : [...(first ?? [])].filter((name) => others.every((names) => names.has(name)));
  return new Set(common.filter((name) => name !== undefined));
}

function nameIn(part: string): string | undefined {
  const name = part.endsWith('":') ? part.slice(1, -2) : '';
  return NAME.test(name) ? name : undefined;
}

/** Words of a path are seldom as long, and have no digits. */
function isLikeToken(text: string): boolean {
  return text.length >= 16 && /\d/.test(text);
}
