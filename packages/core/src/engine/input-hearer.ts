/** Who hears of what is read of the request that a view is made for. */
export interface InputHearer {
  /** Somebody has asked for the store of an AsyncLocalStorage. */
  noteStore(storage: object): void;
  /**
   * Something cached was used whose producer had read these of its own request.
   *
   * @param text - its key
   */
  noteUsed(inputs: readonly string[], text: string): void;
}
