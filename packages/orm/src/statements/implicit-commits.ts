import type { TransactionVerb } from './footprint-types.js';
import { Kind, type Tokens } from './tokens.js';

/** First words of statements before which MySQL commits what is open. */
const COMMITTING = new Set([
  'alter', 'create', 'drop', 'rename', 'truncate', 'install', 'uninstall', 'grant', 'revoke', 'analyze', 'cache', 'check',
  'flush', 'optimize', 'repair', 'reset', 'begin', 'change', 'stop', 'start',
]); // biome-ignore format: a list

/** Of these, what is not always followed by a commit: which of them are differs by version, and by what is locked. */
const UNSURE = new Set([
  'install', 'uninstall', 'analyze', 'cache', 'check', 'flush', 'optimize', 'repair', 'reset', 'change', 'stop', 'start',
  'unlock', 'load', 'set',
]); // biome-ignore format: a list

/** Whether what {@link commitsFirst} says of a statement may not be so: the transaction may go on. */
export function mayGoOn(tokens: Tokens, transaction: TransactionVerb | undefined): boolean {
  // DROP PREPARE
  return transaction === undefined && (UNSURE.has(tokens.text(0)) || tokens.isWord(1, 'prepare'));
}

/** Whether MySQL or MariaDB commits what is open before it carries this out. */
export function commitsFirst(tokens: Tokens, transaction: TransactionVerb | undefined): boolean {
  if (tokens.dialect !== 'mysql') return false;
  if (transaction?.verb === 'begin') return !tokens.isWord(0, 'xa');
  if (transaction !== undefined || tokens.kind(0) !== Kind.word) return false;
  const word = tokens.text(0);
  if ((word === 'create' || word === 'drop') && isTemporary(tokens)) return false;
  if (word === 'lock' || word === 'unlock') return tokens.isWord(1, 'tables') || tokens.isWord(1, 'table');
  if (word === 'load') return tokens.isWord(1, 'index');
  if (word === 'set') return tokens.isWord(1, 'password');
  return COMMITTING.has(word);
}

/** `CREATE [OR REPLACE] TEMPORARY TABLE` */
function isTemporary(tokens: Tokens): boolean {
  return tokens.isWord(1, 'temporary') || (tokens.isWord(1, 'or') && tokens.isWord(3, 'temporary'));
}
