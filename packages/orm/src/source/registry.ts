/** Who has a transaction open for a scope, or has met it. */
export interface Party {
  /** Its watch has ended. */
  readonly isClosed: boolean;
  afterCommit(scope: object, tags: readonly string[]): Promise<void> | undefined;
}

/** What the app has in hand for a transaction, to the scope that it is known by; `undefined` for what is none of an adapter's. */
export type ScopeFinder = (held: object) => Promise<object | undefined> | undefined;

// An adapter of one copy of the package and `afterCommit` of another are to find each other.
const slot = Symbol.for('viewcache.write-scopes');
const finderSlot = Symbol.for('viewcache.write-scope-finders');
const copies = globalThis as { [slot]?: WeakMap<object, Set<Party>>; [finderSlot]?: Map<string, ScopeFinder> };
copies[slot] ??= new WeakMap();
copies[finderSlot] ??= new Map();
const scopes = copies[slot];
const finders = copies[finderSlot];

/** Notes that a watch knows a scope: a connection, a session, a transaction object. */
export function meet(scope: object, party: Party): void {
  const known = scopes.get(scope);
  if (known === undefined) scopes.set(scope, new Set([party]));
  else known.add(party);
}

/** The watches that know a scope. */
export function partiesOf(scope: object): readonly Party[] {
  return [...(scopes.get(scope) ?? [])].filter(({ isClosed }) => !isClosed);
}

/**
 * Lets {@link scopeOf} find the scopes of one adapter, by its name, where the app never has these in hand.
 *
 * @param place - `first`: others would take what it knows for something else
 */
export function findScopesBy(adapter: string, finder: ScopeFinder, place: 'first' | 'last' = 'last'): void {
  if (place === 'last' || finders.has(adapter)) return void finders.set(adapter, finder);
  const others = [...finders];
  finders.clear();
  finders.set(adapter, finder);
  for (const [name, other] of others) finders.set(name, other);
}

/** The scope that something stands for which the app has in hand; itself, where nobody knows better. */
export async function scopeOf(held: object): Promise<object> {
  for (const finder of finders.values()) {
    const found = await finder(held);
    if (found !== undefined) return found;
  }
  return held;
}

/** What has the connection that is watched as its own: one with promises, or an ORM's transaction. */
export const connectionIn: ScopeFinder = (held) => {
  const { connection } = held as { readonly connection?: unknown };
  const isMet = typeof connection === 'object' && connection !== null && partiesOf(connection).length > 0;
  return isMet ? Promise.resolve(connection) : undefined;
};
