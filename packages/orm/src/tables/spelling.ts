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
  /** The usual schema has a table of its name, too: that is what its bare name means to everybody. */
  readonly isOutshone: boolean;
  /** Whether {@link first} is what the database says of each connection. */
  readonly isSure: boolean;
}

/** How the same table is called in tags: by who reads it, and by who writes it. */
export interface Spellings {
  /** As reads have it: bare where the schema goes without saying. */
  readonly tag: string;
  /** Without a schema. */
  readonly bare: string;
  /** Nobody has to guess in which schema it is. */
  readonly isPlaced: boolean;
  /** As writes have it, the one of reads first: rows are named in each. */
  readonly all: readonly string[];
  /** What else whoever has read it depends on: writes that cannot know how he spells it. */
  readonly alsoRead: readonly string[];
  /** What else a write says: for readers of whom it cannot know how they spell it. */
  readonly alsoWritten: readonly string[];
}

/**
 * Spells a table. Connections of one database may look bare names up in different places, so what is left out of a tag must not
 * depend on that where everybody can know better: in PostgreSQL it is `public`, whatever is looked up first. MySQL and MongoDB
 * have no such name; there a reader leaves out his own first one, and a write says both.
 *
 * A write says the bare name too where it is that of its own first schema, unless another table has that: somebody may have named
 * it so by hand.
 */
export function spellingsOf(
  name: string,
  { schema, first, isSure, isOutshone }: Place,
  scoping: Scoping,
  namespace: string | undefined,
): Spellings {
  const { usual, areShared, isFirstOnly, mayBeCaseless } = scoping;
  const outer = [schema ?? first].find((each) => each !== usual);
  const folded = mayBeCaseless ? (text: string) => text.toLowerCase() : (text: string) => text;
  const bare = tableTag(folded(name), undefined, namespace);
  const long = tableTag(folded(name), outer && folded(outer), namespace);
  const isShort = schema === undefined || schema === (usual ?? first) || !areShared;
  const tag = isShort ? bare : long;
  const isOwn = usual === undefined || schema === undefined || (schema === first && (schema === usual || !isOutshone));
  const names = isOwn ? [undefined, outer] : [outer];
  // As they were written, too: that is how somebody may have named it by hand.
  const others = [
    ...names.map((each) => tableTag(folded(name), each && folded(each), namespace)),
    ...names.map((each) => tableTag(name, each, namespace)),
  ];
  const all = [...new Set([tag, ...others])];
  const isPlaced = schema !== undefined || (isFirstOnly && isSure && first !== undefined);
  return besides({ tag, bare, isPlaced, all }, scoping);
}

/** The same of a table that a bare name may mean, and another one in another place. */
export function unplaced({ bare, all }: Spellings, scoping: Scoping): Spellings {
  return besides({ tag: bare, bare, isPlaced: false, all: [...new Set([bare, ...all])] }, scoping);
}

/**
 * With what stands for the whole table beside its names. `orders!any` is written where nobody knows which `orders` it was, for
 * those who have read one by its long name; `orders!away` where it is known by its long name alone, for those who have read one
 * of which nobody knows which.
 */
function besides(
  names: Omit<Spellings, 'alsoRead' | 'alsoWritten'>,
  { usual, areShared, mayBeBare }: Scoping,
): Spellings {
  const { tag, bare, isPlaced, all } = names;
  if (!areShared || !mayBeBare) return { ...names, alsoRead: [], alsoWritten: [] };
  const [any, away] = [`${bare}!any`, `${bare}!away`];
  if (!isPlaced) return { ...names, alsoRead: usual === undefined ? [] : [away], alsoWritten: [any] };
  return { ...names, alsoRead: tag === bare ? [] : [any], alsoWritten: all.includes(bare) ? [] : [away] };
}
