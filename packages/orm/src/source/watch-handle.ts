/** What a watch can be asked for, beside being ended. */
interface Asked {
  /** When the tables are known: of the moment in which it is asked. */
  ready(): Promise<void>;
}

/** A function that ends a watch, with what can be asked of it. */
export type WatchHandle<T extends Asked> = (() => void) & Omit<T, 'ready'> & { readonly ready: Promise<void> };

/**
 * The function that ends a watch, with what can be asked of it. The tables are asked for at once.
 *
 * `ready` is another promise each time: once a statement has changed the tables, they have to be read again.
 */
export function watchHandle<T extends Asked>(stop: () => void, { ready, ...rest }: T): WatchHandle<T> {
  const asked = (): Promise<void> => {
    const promise = ready();
    // Nobody has to wait for it.
    promise.catch(() => {});
    return promise;
  };
  void asked();
  const handle = Object.assign(() => stop(), rest);
  return Object.defineProperty(handle, 'ready', { enumerable: true, get: asked }) as unknown as WatchHandle<T>;
}
