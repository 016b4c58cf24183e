import { issuingContext } from '../source/issuing-context.js';
import type { CommandLike, ConnectionLike } from './mysql2-types.js';
import { sentOf, templateOf } from './sent.js';
import { type MysqlSource, watchCommand } from './watched-command.js';

type Method = (this: object, ...given: unknown[]) => unknown;

/** Those that watch a connection at the moment. */
type SourcesOf = (connection: object) => readonly MysqlSource[];

/** `query` of a connection, which tells sources what it is asked for and what comes of it. */
export function watchedQuery(original: Method, sourcesOf: SourcesOf): Method {
  return function query(...given) {
    const sources = awake(this, sourcesOf);
    const template = sources.length === 0 ? undefined : templateOf(given);
    const command = original.apply(this, given) as CommandLike;
    if (template !== undefined) watchCommand(this, sources, command, sentOf(template, command, this as ConnectionLike));
    return command;
  };
}

/** While `execute` hands on its own commands. */
let isExecuting = false;

/** The same of `execute`: what was prepared has its values beside it. */
export function watchedExecute(original: Method, sourcesOf: SourcesOf): Method {
  return function execute(...given) {
    const sources = awake(this, sourcesOf);
    let command: CommandLike;
    try {
      isExecuting = true;
      command = original.apply(this, given) as CommandLike;
    } finally {
      isExecuting = false;
    }
    if (sources.length > 0 && typeof command.sql === 'string')
      watchCommand(this, sources, command, { sql: command.sql, values: command.parameters });
    return command;
  };
}

/** What `connection.prepare()` gives carries itself out by this. */
export function watchedAddCommand(original: Method, sourcesOf: SourcesOf): Method {
  return function addCommand(...given) {
    answerHere(given[0] as CommandLike);
    const { statement, parameters } = given[0] as CommandLike;
    const command = original.apply(this, given) as CommandLike;
    if (isExecuting || typeof statement?.query !== 'string' || command === undefined) return command;
    const sources = awake(this, sourcesOf);
    if (sources.length > 0) watchCommand(this, sources, command, { sql: statement.query, values: parameters });
    return command;
  };
}

/** Each command that is sent comes by here: its callback and its listeners go on in the context in which it was issued. */
function answerHere(command: CommandLike): void {
  const here = issuingContext();
  if (here === undefined) return;
  const { onResult } = command;
  if (typeof onResult === 'function') command.onResult = here(onResult);
  command.emit = here(command.emit);
}

/** `reset` and `changeUser`: by either the server takes back what is open. */
export function watchedReset(original: Method, sourcesOf: SourcesOf): Method {
  return function reset(...given) {
    const command = original.apply(this, given) as CommandLike | undefined;
    const { database } = (given[0] ?? {}) as { readonly database?: unknown };
    const sources = sourcesOf(this);
    if (database !== undefined) for (const { source } of sources) source.pathMoves();
    command?.once('end', () => {
      for (const { source } of sources) source.rolledBack(this);
    });
    return command;
  };
}

function awake(connection: object, sourcesOf: SourcesOf): readonly MysqlSource[] {
  const sources = sourcesOf(connection);
  for (const { woken } of sources) woken();
  return sources;
}
