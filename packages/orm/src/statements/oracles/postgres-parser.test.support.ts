import { loadModule, parseSync } from 'libpg-query';

/** What PostgreSQL's own parser finds in a text. */
export interface Found {
  readonly reads: ReadonlySet<string>;
  readonly writes: ReadonlySet<string>;
}

/** Statements in which every table is one whose rows are read or written. */
const FOLLOWED = new Set(
  'SelectStmt InsertStmt UpdateStmt DeleteStmt MergeStmt ExplainStmt CopyStmt TruncateStmt CreateTableAsStmt DeclareCursorStmt'.split(
    ' ',
  ),
);

/** Statements whose `relation` is written. */
const WRITING = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

await loadModule();

/** The tables of a text; `undefined` where PostgreSQL refuses it. */
export function tablesByPostgres(sql: string): Found | undefined {
  let tree: unknown;
  try {
    tree = parseSync(sql);
  } catch {
    return undefined;
  }
  const reads = new Set<string>();
  const writes = new Set<string>();
  const ctes = new Set<string>();
  const visit = (node: unknown, key: string): void => {
    if (Array.isArray(node)) for (const each of node) visit(each, key);
    if (!isNode(node) || key === 'lockedRels') return;
    const { ctename, relname } = node;
    if (typeof ctename === 'string') ctes.add(ctename);
    if (typeof relname === 'string') reads.add(relname);
    for (const [name, child] of Object.entries(node)) {
      if (WRITING.has(name) && isNode(child) && isNode(child['relation']))
        writes.add(String(child['relation']['relname']));
      visit(child, name);
    }
  };
  for (const statement of statementsIn(tree)) if (FOLLOWED.has(Object.keys(statement)[0] ?? '')) visit(statement, '');
  // A name that is a query's in one place may be a table's in another: which, is not judged here.
  for (const cte of ctes) reads.delete(cte);
  return { reads, writes };
}

function statementsIn(tree: unknown): readonly Record<string, unknown>[] {
  const list = isNode(tree) && Array.isArray(tree['stmts']) ? tree['stmts'] : [];
  return list.flatMap((each: unknown) => (isNode(each) && isNode(each['stmt']) ? [each['stmt']] : []));
}

function isNode(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
