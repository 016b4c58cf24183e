import { AsyncLocalStorage } from 'node:async_hooks';
// biome-ignore lint/suspicious/noImportCycles: the storage holds contexts, and a context asks which one it runs in.
import type { ViewContext } from './view-context.js';

/** What all copies of this package know of the view contexts of the process. */
interface ViewStorage {
  readonly storage: AsyncLocalStorage<ViewContext>;
  /** How many view contexts have begun that somebody is going to ask what was said in them. */
  open: number;
  /** Counts what begins: of two things the one that began later has the higher number. */
  moment: number;
}

// Two copies of the package in one process must see one another's views.
const slot = Symbol.for('viewcache.view-context');
const copies = globalThis as { [slot]?: ViewStorage };
copies[slot] ??= { storage: new AsyncLocalStorage<ViewContext>(), open: 0, moment: 0 };
/** The one of this process. */
export const views: ViewStorage = copies[slot];
const { storage } = views;

/** Runs something in a view context that has begun. Bound, as a function around it would be one more on the stack. */
export const enterView: <Args extends unknown[], T>(
  context: ViewContext,
  run: (...args: Args) => T,
  ...args: Args
) => T = storage.run.bind(storage);

/** Runs something in no view context, within one. */
export function leaveView<T>(run: () => T): T {
  return (storage as AsyncLocalStorage<ViewContext | undefined>).run(undefined, run);
}

/** The view context that is running now. */
export function currentView(): ViewContext | undefined {
  return storage.getStore();
}

/** Whether there is a view context that anybody has still to hear from: to ask for it costs as much as to look a value up. */
export function isInView(): boolean {
  return views.open > 0 && storage.getStore() !== undefined;
}

/** A number that is higher than that of anything that has begun before. */
export function nextMoment(): number {
  return ++views.moment;
}
