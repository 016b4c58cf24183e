/** By statement, what was bound to it for good. */
const bound = new WeakMap<object, readonly unknown[]>();

export function bind(statement: object, given: readonly unknown[]): void {
  bound.set(statement, given.flat());
}

/** What a call hands to a statement: values in their order, lists among them, and one object by name. */
export function parametersOf(statement: object, given: readonly unknown[]): unknown {
  return given.length === 0 ? bound.get(statement) : given.flat();
}
