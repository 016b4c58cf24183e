/**
 * Those who are to hear of what an object does, each cache once, also where the object itself, its pool and its class are all
 * watched for it: who asks for the object itself counts before those who ask for its class.
 *
 * @param own - who asks for the object itself; `undefined` where nobody does
 * @param here - who asks for what was called
 */
export function heardOnce<P extends { readonly source: { readonly cache: object } }>(
  own: ReadonlySet<P> | undefined,
  here: ReadonlySet<P>,
): readonly P[] {
  if (here.size < 2 && (own === undefined || own === here)) return [...here];
  const seen = new Set(own === undefined || own === here ? [] : [...own].map(({ source }) => source.cache));
  return [...here].filter(({ source }) => !seen.has(source.cache) && seen.add(source.cache));
}
