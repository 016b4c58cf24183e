/** A declaration of a schema in Prisma's language: a field or an attribute of a block, by its words and attributes. */
export interface Declaration {
  readonly name: string;
  /** `User?`, `Post[]`; empty for an attribute of the block itself. */
  readonly type: string;
  /** By name without its signs, what stands between the parentheses: `id` of `@id`, `map` of `@@map("users")`. */
  readonly attributes: ReadonlyMap<string, string>;
}

/** Models, views and enums are alike. */
export interface SchemaBlock {
  readonly kind: string;
  readonly name: string;
  readonly declarations: readonly Declaration[];
}

/** Reads the blocks of a schema that Prisma has accepted: what is no schema has none. */
export function schemaBlocks(text: string): readonly SchemaBlock[] {
  const blocks: SchemaBlock[] = [];
  let open: { kind: string; name: string; declarations: Declaration[] } | undefined;
  for (const line of logicalLines(text)) {
    const head = open === undefined ? /^(\w+)\s+(\w+)\s*\{$/.exec(line) : null;
    if (head !== null) open = { kind: head[1] as string, name: head[2] as string, declarations: [] };
    else if (line === '}' && open !== undefined) {
      blocks.push(open);
      open = undefined;
    } else if (open !== undefined) open.declarations.push(readDeclaration(line));
  }
  return blocks;
}

/** The list between brackets behind a name, or the first one: `fields: [a, b]`. */
export function listIn(args: string, name?: string): readonly string[] {
  const before = name === undefined ? '(?:^|\\bfields\\s*:)' : `\\b${name}\\s*:`;
  const list = new RegExp(`${before}\\s*\\[([^\\]]*)\\]`).exec(args)?.[1] ?? '';
  // `@@id([title(length: 100, sort: Desc)])`
  return list
    .replace(/\([^)]*\)/g, '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** A bare word behind a name: `onDelete: Cascade`. */
export function wordIn(args: string, name: string): string | undefined {
  return new RegExp(`\\b${name}\\s*:\\s*(\\w+)`).exec(args)?.[1];
}

/** Without comments; what stands in parentheses over several lines is one. */
function* logicalLines(text: string): Iterable<string> {
  let line = '';
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\n|[^"/\n]+|\//g)) {
    if (token.startsWith('//')) continue;
    if (token !== '\n') {
      line += token;
      if (!token.startsWith('"')) depth += (token.match(/[([]/g)?.length ?? 0) - (token.match(/[)\]]/g)?.length ?? 0);
    } else if (depth > 0) line += ' ';
    else {
      if (line.trim() !== '') yield line.trim();
      line = '';
    }
  }
  if (line.trim() !== '') yield line.trim();
}

function readDeclaration(line: string): Declaration {
  const [, name = '', type = ''] = /^(\w+)\s+(\w+(?:\([^)]*\))?[[\]?]*)/.exec(line) ?? [];
  const attributes = new Map<string, string>();
  for (const { 1: attribute = '', 2: args = '' } of line.matchAll(
    // Parentheses within parentheses, and texts that may hold some: two levels are as deep as attributes go.
    /@@?([\w.]+)(?:\(((?:"(?:[^"\\]|\\.)*"|[^"()]|\((?:"(?:[^"\\]|\\.)*"|[^"()]|\((?:"(?:[^"\\]|\\.)*"|[^"()])*\))*\))*)\))?/g,
  ))
    attributes.set(attribute, args);
  return { name, type, attributes };
}
