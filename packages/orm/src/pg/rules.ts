import { statementsOf } from '../statements/dialect-statements.js';
import type { TableName } from '../statements/footprint-types.js';
import { Lexer } from '../statements/lexer.js';

/** A rule of the app, as the catalogue has it. */
export interface Rule {
  /** The table or the view that it is on. */
  readonly on: number;
  /** `CREATE RULE … AS ON UPDATE TO … [WHERE …] DO [ALSO | INSTEAD] …` */
  readonly definition: string;
  /** The functions that it calls. */
  readonly calls: readonly number[] | null;
}

/**
 * The tables that a rule writes, by its definition.
 *
 * @returns `undefined` where that cannot be read
 */
export function tablesOfRule(definition: string): readonly TableName[] | undefined {
  const tokens = new Lexer(definition, 'postgres').statement(true);
  let at = 0;
  // A condition stands in parentheses.
  while (at < tokens.count && !tokens.isWord(at, 'do')) at = tokens.after(at);
  if (!tokens.isClear || at >= tokens.count) return undefined;
  at++;
  if (tokens.isWord(at, 'also') || tokens.isWord(at, 'instead')) at++;
  if (tokens.isWord(at, 'nothing')) return [];
  const [from, to] = tokens.isSign(at, '(')
    ? [tokens.endOf(at), tokens.startOf(tokens.after(at) - 1)]
    : [tokens.startOf(at), definition.length];
  const footprints = statementsOf('postgres').footprints(definition.slice(from, to));
  if (footprints.some(({ isUnderstood, isOpaque }) => !isUnderstood || isOpaque)) return undefined;
  return footprints.flatMap(({ writes }) => writes.map(({ table, schema }) => ({ table, schema })));
}
