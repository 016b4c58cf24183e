import type { WatchedStorage } from '../config/input-options.js';
import { currentView } from '../engine/view-storage.js';

const watched = new WeakSet<WatchedStorage>();

/** Puts an own `getStore` on these, which tells the cached view that is running, if one is. */
export function watchStorages(storages: readonly WatchedStorage[]): void {
  for (const storage of storages) {
    if (watched.has(storage)) continue;
    watched.add(storage);
    const { getStore } = storage;
    Object.defineProperty(storage, 'getStore', {
      configurable: true,
      writable: true,
      value: () => {
        currentView()?.hearer?.noteStore(storage);
        return getStore.call(storage);
      },
    });
  }
}
