import type { View } from './view.js';
import { currentView } from './view-storage.js';

/** Outside a cached view everything is accepted and nothing happens, so that shared code need not know where it runs. */
const nowhere: View = {
  dependsOn: () => nowhere,
  ttl: () => nowhere,
  doNotStore: () => nowhere,
  varyOn: () => nowhere,
  untracked: () => nowhere,
};

/**
 * The cached view that is running, to say what its response depends on; does nothing outside one.
 *
 * @example
 * ```ts
 * view().dependsOn('prices').ttl('30s');
 * ```
 */
export function view(): View {
  return currentView() ?? nowhere;
}
