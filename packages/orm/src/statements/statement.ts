import { readBody } from './bodies.js';
import { cursorOf, textReadersIn } from './cursors.js';
import { readDefinition, readTruncate, redefines } from './definitions.js';
import { gathered } from './drafts.js';
import type { Footprint } from './footprint-types.js';
import { commitsFirst, mayGoOn } from './implicit-commits.js';
import { allNames, namesOf } from './name-sets.js';
import { qualifiedAt } from './qualified.js';
import { returnedColumns } from './returned.js';
import { returnsWritten } from './returning.js';
import { Kind, type Tokens } from './tokens.js';
import { transactionOf } from './transactions.js';
import { Walk } from './walk.js';

/** First words of statements that neither read nor write rows of tables. */
const NOTHING = new Set([
  'set', 'reset', 'show', 'listen', 'unlisten', 'notify', 'discard', 'analyze', 'analyse', 'vacuum', 'reindex', 'cluster',
  'checkpoint', 'lock', 'unlock', 'comment', 'grant', 'revoke', 'security', 'use', 'flush', 'kill', 'optimize', 'repair',
  'check', 'checksum', 'describe', 'desc', 'pragma', 'attach', 'detach', 'fetch', 'move', 'close', 'deallocate', 'install',
  'uninstall', 'cache', 'help', 'get', 'purge', 'change', 'stop', 'reassign', 'prepare', 'start',
]); // biome-ignore format: a list

/** Statements whose first words say nothing of what they do. */
const OPAQUE = new Set(['call', 'execute', 'exec', 'handler', 'import', 'restore']);

/** What one statement reads and writes. */
export function footprintOf(tokens: Tokens, depth: number): Footprint {
  const walk = new Walk(tokens);
  const words = transactionOf(tokens);
  if (words === undefined) read(walk, depth);
  else if (words.isOpaque) walk.isOpaque = true;
  const isUnderstood = walk.isUnderstood && tokens.isClear && !(OPAQUE.has(tokens.text(0)) && walk.isOpaque);
  if (!isUnderstood && mayCall(tokens)) walk.isOpaque = true;
  const transaction = words?.transaction;
  const { reads, writes } = gathered(walk.references, tokens.dialect);
  const names = isUnderstood ? namesOf(tokens) : allNames(tokens);
  return {
    reads,
    writes,
    transaction,
    commitsFirst: commitsFirst(tokens, transaction),
    mayGoOn: mayGoOn(tokens, transaction),
    isOpaque: walk.isOpaque,
    names,
    returnsWritten: walk.returnsWritten || returnsWritten(tokens, writes),
    returned: writes.length === 0 ? undefined : returnedColumns(tokens),
    cursor: cursorOf(tokens),
    textReaders: textReadersIn(tokens, names),
    movesPath: movesPath(tokens),
    redefines: redefines(tokens),
    isUnderstood,
  };
}

/** In blocks of MariaDB, and behind `SET STATEMENT … FOR`, what carries something out need not be the first word. */
function mayCall(tokens: Tokens): boolean {
  if (tokens.dialect !== 'mysql') return false;
  for (let at = 1; at < tokens.count; at++)
    if (tokens.kind(at) === Kind.word && OPAQUE.has(tokens.text(at))) return true;
  return false;
}

/** Of PostgreSQL, `"$user"` in a search path is another schema for another role. */
function movesPath(tokens: Tokens): boolean {
  if (tokens.dialect !== 'postgres') return tokens.isWord(0, 'use');
  if (!['set', 'reset', 'discard'].includes(tokens.text(0))) return false;
  for (let at = 1; at < Math.min(tokens.count, 5); at++)
    if (['role', 'authorization', 'all', 'search_path', 'schema'].includes(tokens.text(at))) return true;
  return false;
}

/** The rest of a text that has more statements than anybody writes. */
export function unread(tokens: Tokens): Footprint {
  return {
    reads: [],
    writes: [],
    transaction: undefined,
    commitsFirst: false,
    isOpaque: true,
    names: allNames(tokens),
    isUnderstood: false,
  };
}

function read(walk: Walk, depth: number): void {
  const { tokens } = walk;
  if (tokens.kind(0) !== Kind.word) {
    if (tokens.isSign(0, '(')) walk.statement(0, tokens.count);
    else walk.fail();
    return;
  }
  const word = tokens.text(0);
  switch (word) {
    case 'select':
    case 'insert':
    case 'update':
    case 'delete':
    case 'with':
    case 'values':
    case 'table':
    case 'merge':
    case 'replace':
      walk.statement(0, tokens.count);
      return;
    case 'explain':
    case 'describe':
    case 'desc':
      readExplained(walk);
      return;
    case 'truncate':
      readTruncate(walk);
      return;
    case 'create':
      if (readBody(walk, depth)) return;
      readDefinition(walk);
      return;
    case 'alter':
    case 'drop':
    case 'rename':
      readDefinition(walk);
      return;
    case 'do':
      // MySQL's computes something.
      if (tokens.dialect === 'mysql') walk.expression(1, tokens.count);
      else if (!readBody(walk, depth)) walk.fail();
      return;
    case 'copy':
      readCopy(walk);
      return;
    case 'declare':
      readCursor(walk);
      return;
    case 'load':
      readLoad(walk);
      return;
    case 'refresh':
      readRefresh(walk);
      return;
    case 'set':
      // MariaDB's SET STATEMENT … FOR carries one out; MySQL's variables may be given what a query finds.
      if (tokens.isWord(1, 'statement') && tokens.dialect === 'mysql') walk.fail();
      walk.expression(1, tokens.count);
      return;
    case 'analyze':
      // MariaDB's carries a statement out.
      if (tokens.dialect === 'mysql' && !ANALYZED.has(tokens.text(1))) readExplained(walk);
      return;
  }
  if (OPAQUE.has(word)) walk.isOpaque = true;
  else if (!NOTHING.has(word)) walk.fail();
}

/** With ANALYZE it is carried out; without, this costs a little precision. */
function readExplained(walk: Walk): void {
  const { tokens } = walk;
  let at = 1;
  for (; at < Math.min(tokens.count, 24); at = tokens.after(at)) {
    if (tokens.kind(at) === Kind.word && EXPLAINED.has(tokens.text(at)) && !tokens.isSign(at - 1, '=')) break;
    if (tokens.isSign(at, '(') && (tokens.isWord(at + 1, 'select') || tokens.isSign(at + 1, '('))) break;
  }
  if (at >= tokens.count) {
    // DESCRIBE of a table tells its columns.
    if (tokens.count > 4) walk.fail();
    return;
  }
  if (tokens.isWord(at, 'create') || tokens.isWord(at, 'declare') || tokens.isWord(at, 'execute')) {
    walk.fail();
    walk.isOpaque = true;
  } else walk.statement(at, tokens.count);
}

const ANALYZED = new Set(['table', 'local', 'no_write_to_binlog']);

const EXPLAINED = new Set([
  'select', 'insert', 'update', 'delete', 'with', 'values', 'table', 'merge', 'replace', 'create', 'declare', 'execute', 'refresh',
]); // biome-ignore format: a list

/** `COPY t FROM …`, `COPY t TO …`, `COPY (query) TO …` */
function readCopy(walk: Walk): void {
  const { tokens } = walk;
  if (tokens.isSign(1, '(')) {
    walk.statement(2, tokens.after(1) - 1);
    return;
  }
  const name = qualifiedAt(tokens, tokens.isWord(1, 'binary') ? 2 : 1);
  const next = name !== undefined && tokens.isSign(name.next, '(') ? tokens.after(name.next) : (name?.next ?? 0);
  if (name === undefined) walk.fail();
  else if (tokens.isWord(next, 'from')) {
    walk.note(name, 'insert');
    // COPY … FROM … WHERE
    walk.expression(next + 1, tokens.count);
  } else if (tokens.isWord(next, 'to')) walk.note(name, undefined);
  else walk.fail();
}

/** `DECLARE c CURSOR FOR query` */
function readCursor(walk: Walk): void {
  const { tokens } = walk;
  for (let at = 1; at < Math.min(tokens.count, 16); at++)
    if (tokens.isWord(at, 'for')) {
      walk.statement(at + 1, tokens.count);
      return;
    }
  walk.fail();
}

/** `LOAD DATA … [REPLACE | IGNORE] INTO TABLE t … SET x = (query)` */
function readLoad(walk: Walk): void {
  const { tokens } = walk;
  if (tokens.isWord(1, 'index')) return;
  let at = 1;
  let verb: 'insert' | 'upsert' = 'insert';
  for (; at < tokens.count && !(tokens.isWord(at, 'into') && tokens.isWord(at + 1, 'table')); at++)
    if (tokens.isWord(at, 'replace')) verb = 'upsert';
  const name = qualifiedAt(tokens, at + 2);
  if (name === undefined) {
    walk.fail();
    return;
  }
  const written = walk.note(name, verb);
  if (verb === 'upsert') written.columns = undefined;
  walk.expression(name.next, tokens.count);
}

function readRefresh(walk: Walk): void {
  const { tokens } = walk;
  const view = tokens.isWord(3, 'concurrently') ? 4 : 3;
  const name = tokens.isWord(1, 'materialized') && tokens.isWord(2, 'view') ? qualifiedAt(tokens, view) : undefined;
  if (name === undefined) walk.fail();
  else walk.note(name, 'truncate');
}
