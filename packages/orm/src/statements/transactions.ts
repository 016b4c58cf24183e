import type { TransactionVerb } from './footprint-types.js';
import { Kind, type Tokens } from './tokens.js';

/** What a statement does to its transaction, and whether all of that is said by its first words. */
export interface TransactionWords {
  readonly transaction: TransactionVerb | undefined;
  readonly isOpaque: boolean;
}

/** Words that begin statements about transactions. */
const FIRST = new Set([
  'begin', 'start', 'commit', 'end', 'rollback', 'abort', 'savepoint', 'release', 'prepare', 'xa', 'set',
]); // biome-ignore format: a list

/** What a statement about transactions does; `undefined` where it is none. */
export function transactionOf(tokens: Tokens): TransactionWords | undefined {
  const first = tokens.kind(0) === Kind.word ? tokens.text(0) : '';
  if (!FIRST.has(first)) return undefined;
  switch (first) {
    case 'begin':
      // MariaDB's BEGIN NOT ATOMIC, and bodies of routines.
      return tokens.isWord(1, 'not') || !isPlain(tokens) ? undefined : plain('begin');
    case 'start':
      return tokens.isWord(1, 'transaction') && isPlain(tokens) ? plain('begin') : undefined;
    case 'commit':
    case 'end':
      // COMMIT PREPARED: of a transaction that any connection has prepared.
      if (tokens.isWord(1, 'prepared')) return { transaction: undefined, isOpaque: true };
      return isPlain(tokens) ? plain('commit', chains(tokens)) : undefined;
    case 'rollback':
    case 'abort':
      if (tokens.isWord(1, 'prepared')) return { transaction: undefined, isOpaque: false };
      return isPlain(tokens) ? rollback(tokens) : undefined;
    case 'savepoint':
      return named('savepoint', tokens, 1, 2);
    case 'release':
      return tokens.isWord(1, 'savepoint') && tokens.count > 2
        ? named('release', tokens, 2, 3)
        : named('release', tokens, 1, 2);
    case 'prepare':
      // Whoever prepares will commit, and nobody can tell when.
      return tokens.isWord(1, 'transaction') ? plain('commit') : undefined;
    case 'xa':
      return xa(tokens);
    default:
      return autocommit(tokens);
  }
}

/** None of the words about transactions has brackets behind it, or a second statement. */
function isPlain(tokens: Tokens): boolean {
  if (tokens.count > 24) return false;
  for (let at = 1; at < tokens.count; at++) {
    const kind = tokens.kind(at);
    if (kind === Kind.sign ? tokens.text(at) !== ',' : !tokens.isName(at)) return false;
  }
  return true;
}

function plain(verb: 'begin' | 'commit' | 'rollback', isChaining = false): TransactionWords {
  return { transaction: { verb, chains: isChaining }, isOpaque: false };
}

function chains(tokens: Tokens): boolean {
  for (let at = 1; at < tokens.count; at++) if (tokens.isWord(at, 'chain')) return !tokens.isWord(at - 1, 'no');
  return false;
}

/** `ROLLBACK [WORK | TRANSACTION] [TO [SAVEPOINT] x]` */
function rollback(tokens: Tokens): TransactionWords | undefined {
  let at = 1;
  // SQLite may name the transaction.
  while (at < tokens.count && !tokens.isWord(at, 'to')) at++;
  if (at >= tokens.count) return plain('rollback', chains(tokens));
  if (tokens.isWord(at + 1, 'savepoint') && tokens.count > at + 2) at++;
  return named('rollback-to', tokens, at + 1, at + 2);
}

function named(
  verb: 'savepoint' | 'release' | 'rollback-to',
  tokens: Tokens,
  at: number,
  end: number,
): TransactionWords | undefined {
  if (!tokens.isName(at) || tokens.count > end) return undefined;
  const name = tokens.name(at);
  return { transaction: { verb, name: tokens.dialect === 'mysql' ? name.toLowerCase() : name }, isOpaque: false };
}

/** MySQL's two-phase commit: what is committed may have been prepared by any connection. */
function xa(tokens: Tokens): TransactionWords | undefined {
  if (tokens.dialect !== 'mysql') return undefined;
  const verb = tokens.text(1);
  if (verb === 'start' || verb === 'begin') return plain('begin');
  if (verb === 'prepare') return plain('commit');
  if (verb === 'commit') return { transaction: { verb: 'commit', chains: false }, isOpaque: true };
  if (verb === 'rollback') return plain('rollback');
  return { transaction: undefined, isOpaque: false };
}

/** `SET autocommit = 0`, with `@@` and `SESSION` before it or without. */
function autocommit(tokens: Tokens): TransactionWords | undefined {
  if (tokens.dialect !== 'mysql') return undefined;
  for (let at = 1; at < Math.min(tokens.count, 24); at++) {
    const name = tokens.raw(at).toLowerCase();
    if (
      name !== 'autocommit' &&
      name !== '@@autocommit' &&
      !(name === '@@session' && tokens.isWord(at + 2, 'autocommit'))
    )
      continue;
    while (at < tokens.count && !tokens.isSign(at, '=')) at++;
    const value = tokens.raw(at + 1).toLowerCase();
    if (tokens.count !== at + 2) return undefined;
    if (value === '1' || value === 'on' || value === 'true')
      return { transaction: { verb: 'autocommit', isOn: true }, isOpaque: false };
    if (value === '0' || value === 'off' || value === 'false')
      return { transaction: { verb: 'autocommit', isOn: false }, isOpaque: false };
    return undefined;
  }
  return undefined;
}
