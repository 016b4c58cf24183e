import { AsyncLocalStorage } from 'node:async_hooks';

/** Where a client begins a transaction for the app: what its adapter has for it. */
export const beginning = new AsyncLocalStorage<{ scope: object | undefined }>();

/** Transactions that are open for callbacks of the app, by what Prisma calls them: `$transaction(async (tx) => …)`. */
const scopes = new Map<unknown, object>();
const ids = new WeakMap<object, unknown>();

export function beginItx(id: unknown, scope: object): void {
  scopes.set(id, scope);
  ids.set(scope, id);
}

export function endItx(scope: object): void {
  scopes.delete(ids.get(scope));
}

export function scopeOfItx(id: unknown): object | undefined {
  return scopes.get(id);
}
