/** Words that begin a query or a statement with one in it. */
export const STATEMENT_WORDS: ReadonlySet<string> = new Set([
  'select', 'values', 'with', 'table', 'insert', 'replace', 'update', 'delete', 'merge',
]); // biome-ignore format: a list

/** Words that no table is named by without quotes, in any dialect. */
export const NO_TABLES: ReadonlySet<string> = new Set([
  'select', 'from', 'where', 'join', 'on', 'set', 'values', 'group', 'order', 'having', 'union', 'into', 'inner',
  'left', 'right', 'cross', 'natural', 'and', 'or', 'not', 'as', 'case', 'when', 'then', 'else', 'distinct', 'limit',
  'using', 'create', 'table', 'with',
]); // biome-ignore format: a list

/** Words behind a table that are no alias of it. */
export const NO_ALIASES: ReadonlySet<string> = new Set([
  'where', 'group', 'order', 'having', 'limit', 'join', 'inner', 'left', 'right', 'full', 'cross', 'natural', 'outer',
  'on', 'using', 'set', 'union', 'intersect', 'except', 'for', 'window', 'offset', 'fetch', 'returning', 'into',
  'values', 'value', 'select', 'with', 'table', 'default', 'overriding', 'tablesample', 'when', 'partition', 'use',
  'force', 'ignore', 'straight_join', 'indexed', 'not', 'lock', 'procedure', 'from', 'and', 'or', 'as', 'lateral', 'qualify',
]); // biome-ignore format: a list

/** Words that end a FROM wherever they stand in it. */
export const FROM_ENDS: ReadonlySet<string> = new Set(['group', 'order', 'having', 'limit']);

/** Words that end it where they are not aliases. */
export const FROM_MAY_END: ReadonlySet<string> = new Set([
  'offset', 'fetch', 'for', 'returning', 'window', 'lock', 'procedure', 'qualify',
]); // biome-ignore format: a list

/** Functions with a FROM among their arguments. */
export const CALLS_WITH_FROM: ReadonlySet<string> = new Set([
  'extract', 'substring', 'substr', 'mid', 'trim', 'overlay',
]); // biome-ignore format: a list
