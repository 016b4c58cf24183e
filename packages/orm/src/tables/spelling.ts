import { tableTag } from './names.js';

/** What is in tags of the names of schemas, or of what a database has in their place. */
export interface Scoping {
  /** The one that everybody knows: it is in no tag. */
  readonly usual: string | undefined;
  /** `false`: every connection may call them as it likes, as SQLite does with files that are attached. */
  readonly areShared: boolean;
  /** A bare name means a table of the first of the search path, and of no other. */
  readonly isFirstOnly: boolean;
  /** Statements may name a table without saying which schema it is in. */
  readonly mayBeBare: boolean;
  /** Whether letter case matters in names is for each server to say, and not every client has asked. */
  readonly mayBeCaseless: boolean;
}

/** By what a data source speaks. */
export const SCOPINGS = {
  postgres: { usual: 'public', areShared: true, isFirstOnly: false, mayBeBare: true, mayBeCaseless: false },
  mysql: { usual: undefined, areShared: true, isFirstOnly: true, mayBeBare: true, mayBeCaseless: true },
  sqlite: { usual: 'main', areShared: false, isFirstOnly: false, mayBeBare: true, mayBeCaseless: false },
  mongodb: { usual: undefined, areShared: true, isFirstOnly: true, mayBeBare: false, mayBeCaseless: false },
} as const satisfies Readonly<Record<string, Scoping>>;

/** Where a table is, as far as somebody knows. */
export interface Place {
  /** `undefined`: nobody has said it. */
  readonly schema: string | undefined;
  /** The schema that bare names are looked up in first. */
  readonly first: string | undefined;
  /** Whether {@link first} is what the database says of each connection. */
  readonly isSure: boolean;
}

/** How the same table is called in tags: by who reads it, and by who writes it. */
export interface Spellings {
  /** As reads have it: bare where the schema goes without saying. */
  readonly tag: string;
  /** Without a schema. */
  readonly bare: string;
  /** As writes have it, the one of reads first: whoever reads it, from wherever, has one of them. */
  readonly all: readonly string[];
  /**
   * `orders!any`: written where nobody knows which `orders` it was, and so carried by what has read one of them that is not
   * bare in its tag.
   */
  readonly any: string;
  readonly readsAny: boolean;
  readonly writesAny: boolean;
}

/**
 * Spells a table. Connections of one database may look bare names up in different places, and only writers can be expected to say
 * more than they need: so each reader has one spelling, the short one where the table is in its own first schema, and a write
 * has both.
 */
export function spellingsOf(
  name: string,
  { schema, first, isSure }: Place,
  scoping: Scoping,
  namespace: string | undefined,
): Spellings {
  const { usual, areShared, isFirstOnly, mayBeBare, mayBeCaseless } = scoping;
  const outer = [schema ?? first].find((each) => each !== usual);
  const folded = mayBeCaseless ? (text: string) => text.toLowerCase() : (text: string) => text;
  const bare = tableTag(folded(name), undefined, namespace);
  const long = tableTag(folded(name), outer && folded(outer), namespace);
  // Somebody may have named it by hand, as he has made it.
  const written = [tableTag(name, undefined, namespace), tableTag(name, outer, namespace)];
  const isShort = schema === undefined || schema === first || !areShared;
  const tag = isShort ? bare : long;
  const isPlaced = schema !== undefined || (isFirstOnly && isSure && first !== undefined);
  const hasAny = areShared && mayBeBare;
  return {
    tag,
    bare,
    all: [...new Set([tag, bare, long, ...written])],
    any: `${bare}!any`,
    readsAny: hasAny && tag !== bare,
    writesAny: hasAny && !isPlaced,
  };
}

/** The same of a table that a bare name may mean, and another one in another place. */
export function unplaced(spellings: Spellings, { areShared, mayBeBare }: Scoping): Spellings {
  const { bare, all } = spellings;
  return {
    ...spellings,
    tag: bare,
    all: [...new Set([bare, ...all])],
    readsAny: false,
    writesAny: areShared && mayBeBare,
  };
}
