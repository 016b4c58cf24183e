/** A name that an entry point exports, and whether its declaration carries a doc comment. */
export interface PublicName {
  readonly name: string;
  /** The `.d.ts` in which it is declared, or the package from which it is passed on. */
  readonly from: string;
  readonly documented: boolean;
}

/**
 * Lists what an entry point exports, following its re-exports, from the text of the emitted declarations.
 *
 * A reader of text because TypeScript 7 has no JavaScript API; what tsc emits is regular enough: one declaration a
 * statement, at the start of a line, with its doc comment right before it.
 *
 * @param entry - the URL of the entry point's `.d.ts`
 * @param read - gives the text of a `.d.ts`
 */
export function publicNames(entry: URL, read: (file: URL) => string): PublicName[] {
  const text = read(entry);
  const names: PublicName[] = [];

  for (const [, clause = '', source] of text.matchAll(/^export (?:type )?\{([^}]*)\}(?: from ['"](.+)['"])?;/gm)) {
    for (const [local, exported] of renames(clause)) {
      const from = source ?? importedFrom(text, local);
      names.push(from === undefined ? declared(text, local, exported, entry) : followed(from, local, exported));
    }
  }
  for (const [, namespace, source = ''] of text.matchAll(/^export \* (?:as (\w+) )?from ['"](.+)['"];/gm)) {
    if (namespace !== undefined) names.push({ name: namespace, from: source, documented: true });
    else if (isRelative(source)) names.push(...publicNames(declarationOf(source), read));
  }
  for (const [, name = ''] of text.matchAll(new RegExp(`^export (?:default )?${declaration}(\\w+)`, 'gm')))
    if (!names.some((it) => it.name === name)) names.push(declared(text, name, name, entry));
  return names;

  function followed(source: string, local: string, exported: string): PublicName {
    if (!isRelative(source)) return { name: exported, from: source, documented: true };
    const found = publicNames(declarationOf(source), read).find(({ name }) => name === local);
    return { name: exported, from: found?.from ?? source, documented: found?.documented ?? false };
  }

  function declarationOf(source: string): URL {
    return new URL(source.replace(/\.js$/, '.d.ts'), entry);
  }
}

const declaration = '(?:declare )?(?:abstract )?(?:async )?(?:function|const|let|class|interface|type|enum|namespace) ';

function declared(text: string, local: string, exported: string, file: URL): PublicName {
  const statements = [...text.matchAll(new RegExp(`^(?:export )?(?:default )?${declaration}${local}\\b`, 'gm'))];
  // Of overloads, one has to say it.
  const documented = statements.some(({ index }) => hasDocComment(text.slice(0, index)));
  return { name: exported, from: file.href, documented };
}

function hasDocComment(before: string): boolean {
  const trimmed = before.trimEnd();
  // At the start of a line, for an example in the comment may well hold a '/users/*'.
  const comment = trimmed.slice(`\n${trimmed}`.lastIndexOf('\n/**'));
  return comment.indexOf('*/') === comment.length - 2 && /^\/\*\*[\s*]*[^\s*@/]/.test(comment);
}

function renames(clause: string): [local: string, exported: string][] {
  return clause
    .split(',')
    .map((it) => it.trim().replace(/^type /, ''))
    .filter((it) => it !== '')
    .map((it) => {
      const [local = it, exported = local] = it.split(' as ');
      return [local, exported];
    });
}

function importedFrom(text: string, local: string): string | undefined {
  for (const [, clause = '', source] of text.matchAll(/^import (?:type )?\{([^}]*)\} from ['"](.+)['"];/gm))
    if (renames(clause).some(([, here]) => here === local)) return source;
  return undefined;
}

function isRelative(source: string): boolean {
  return source.startsWith('.');
}
