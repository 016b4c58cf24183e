import type { CursorVerb } from './footprint-types.js';
import { Kind, type Tokens } from './tokens.js';

/** What a statement of PostgreSQL does with a cursor that has a name; `undefined` where it does nothing with one. */
export function cursorOf(tokens: Tokens): CursorVerb | undefined {
  if (tokens.dialect !== 'postgres' || tokens.kind(0) !== Kind.word) return undefined;
  switch (tokens.text(0)) {
    case 'declare':
      return { verb: 'declare', name: tokens.name(1) };
    case 'fetch':
      // How far comes in front: FETCH FORWARD 5 FROM c
      return { verb: 'fetch', name: tokens.name(tokens.count - 1) };
    case 'close':
    case 'discard':
      return { verb: 'close', name: tokens.isWord(1, 'all') ? undefined : tokens.name(1) };
    default:
      return undefined;
  }
}

/** Functions of PostgreSQL, and of what comes with it, that carry out a text, or read a table that a text names. */
const TEXT_READERS = [
  'query_to_xml', 'query_to_xmlschema', 'query_to_xml_and_xmlschema', 'cursor_to_xml', 'cursor_to_xmlschema',
  'table_to_xml', 'table_to_xmlschema', 'table_to_xml_and_xmlschema', 'schema_to_xml', 'schema_to_xml_and_xmlschema',
  'database_to_xml', 'database_to_xml_and_xmlschema', 'ts_stat', 'ts_rewrite', 'crosstab', 'crosstab2', 'crosstab3',
  'crosstab4', 'connectby', 'xpath_table', 'dblink', 'dblink_fetch', 'dblink_get_result',
]; // biome-ignore format: a list

/** Those among the names of a statement; `undefined` where there are none. */
export function textReadersIn(tokens: Tokens, names: ReadonlySet<string>): readonly string[] | undefined {
  if (tokens.dialect !== 'postgres') return undefined;
  const found = TEXT_READERS.filter((name) => names.has(name));
  return found.length > 0 ? found : undefined;
}

/** Whether the text of a function calls one. */
export function callsTextReader(definition: string): boolean {
  return new RegExp(`\\b(?:${TEXT_READERS.join('|')})\\b`, 'i').test(definition);
}
