/** Those of some names that have one of these words in them, which are parted by commas; all of them for no words. */
export function namedBy<Name extends string>(names: readonly Name[], words: string): readonly Name[] {
  const wanted = words.split(',').filter((word) => word !== '');
  return wanted.length === 0 ? names : names.filter((name) => wanted.some((word) => name.includes(word)));
}
