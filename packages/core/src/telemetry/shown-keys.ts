import { printable } from '../base/printable.js';
import { spelledKey } from '../base/spelled-key.js';

/** What is not shown, and is the same in all keys; what differs is what makes a key new. */
const SAME = '…';
const DIFFERS = '<differs>';
const LONGEST = 100;
/** Names of parameters and properties are the client's to choose, too. */
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
 * Keys as a log may have them, each once: of a view its URL, the names of what is in its query, and those of its selecting headers,
 * but no value of any of these, nor what a `key` function has returned: it may be a token, a login or an address. Of a value what
 * stands in front of the first separator, of a call its name and its small numbers. Of what is left out it says whether it differs
 * among these keys.
 */
export function shownKeys(keys: readonly string[]): readonly string[] {
  const all = keys.map(piecesOf);
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

function piecesOf(key: string): readonly Piece[] {
  const [line = '', method = '', origin = '', path = '', query = ''] =
    /^([A-Z]+) (?:(https?:\/\/[^\n/?@]+)(\/[^\n?]*)(?:\?([^\n]*))?)?/.exec(key) ?? [];
  if (line === '') return key.startsWith('\n(') ? callPieces(spelledKey(key)) : valuePieces(key);
  // A host or a target that no browser sends.
  if (origin === '') return [`${method} `, { name: 'target', value: key.slice(line.length) }];
  return [`${method} ${origin}`, ...pathPieces(path), ...queryPieces(query), ...addedPieces(key.slice(line.length))];
}

/** Segments as they are, but for those that look like a token or an id. */
function pathPieces(path: string): readonly Piece[] {
  return path
    .split('/')
    .slice(1)
    .flatMap((segment, i): Piece[] => ['/', isLikeToken(segment) ? { name: `/${i}`, value: segment } : segment]);
}

function queryPieces(query: string): readonly Piece[] {
  if (query === '') return [];
  return query.split('&').flatMap((part, i): Piece[] => {
    const mark = i === 0 ? '?' : '&';
    const end = part.indexOf('=');
    const name = part.slice(0, Math.max(0, end));
    return NAME.test(name)
      ? [`${mark}${name}=`, { name: `?${name}`, value: part.slice(end + 1) }]
      : [mark, { name: `?${i}`, value: part }];
  });
}

/** What options and selecting headers have added to a key, each in a line of its own, mostly behind its length. */
function addedPieces(added: string): readonly Piece[] {
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
    pieces.push(`, ${what} `, { name: `, ${what}`, value: rest.slice(front.length, end) });
  }
  return pieces;
}

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

/** `statsOf(17, …)`: no texts but names of properties, and no numbers that are as long as those of a telephone. */
function callPieces(spelled: string): readonly Piece[] {
  return spelled.split(/("(?:[^"\\]|\\.)*":?|\d{9,})/).map((part, i): Piece => {
    const isShown = i % 2 === 0 || (part.endsWith('":') && NAME.test(part.slice(1, -2)));
    return isShown ? part : { name: `argument ${i}`, value: part };
  });
}

/** Words of a path are seldom as long, and have no digits. */
function isLikeToken(text: string): boolean {
  return text.length >= 16 && /\d/.test(text);
}
