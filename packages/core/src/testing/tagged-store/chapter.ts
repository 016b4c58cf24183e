import type { TaggedStore } from '../../ports/tagged-store.js';

/** What a contract needs of a test runner: Jest, Vitest and `node:test` with an `expect` have it. */
export interface Runner {
  describe(name: string, define: () => void): void;
  it(name: string, test: () => Promise<void>): void;
  expect(received: unknown): { toEqual(expected: unknown): void };
}

/** One store that is shared, and ways to it. */
export interface SharedStoreFixture {
  /** A process of its own over the same store, in a namespace; the one that the fixture names if none is given. */
  join(namespace?: string): Promise<TaggedStore> | TaggedStore;
  /** It can compare and write in one step, so that of those who put at the same time one is the first. */
  readonly isAtomic?: boolean;
  /** Takes away everything in the store, behind its back; left out where that cannot be done. */
  flush?(): Promise<unknown>;
  close(): Promise<unknown>;
}

/** What a chapter of the contract defines its tests with: each test gets a store of its own, with nothing in it. */
export interface Chapter {
  it(what: string, test: (fixture: SharedStoreFixture, store: TaggedStore) => Promise<void>): void;
  readonly expect: Runner['expect'];
}
