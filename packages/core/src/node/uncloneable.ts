import type { LayerFunction } from './inner-layers.js';

/** Layers that have tried to clone what is watched, which is made of Proxies: nothing is watched there any more. */
export const uncloneable = new WeakSet<LayerFunction>();

/** Nothing is watched where this function runs, and so nothing is stored of what it answers. */
export function neverStore(layer: LayerFunction): void {
  uncloneable.add(layer);
}

/** What the structured clone algorithm says of a Proxy; `v8.serialize` says it with a plain error. */
export function isCloneError(error: unknown): boolean {
  // Not `instanceof`: it may come from another realm.
  const message: unknown = typeof error === 'object' && error !== null && Reflect.get(error, 'message');
  return typeof message === 'string' && /^(?:#<Object>|\[object Array\]) could not be cloned/.test(message);
}
