import type { ServerResponse } from 'node:http';
import { type LayerFunction, layersOf } from '@viewcache/core/node';
import type { Application } from 'express';

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** One middleware as the router of Express 4 and of Express 5 holds it. */
interface Layer {
  readonly handle: LayerFunction & { readonly stack?: readonly Layer[] };
  readonly route?: unknown;
}

type LayerPrototype = Layer & Record<string, Method | undefined> & { [patched]?: true };
const patched: unique symbol = Symbol.for('viewcache.layers') as never;

/** Express 5 and Express 4; the arguments before the response, and how many a function of that kind takes. */
const METHODS = [
  { names: ['handleRequest', 'handle_request'], res: 1, takes: (length: number) => length <= 3 },
  { names: ['handleError', 'handle_error'], res: 2, takes: (length: number) => length === 4 },
];

/**
 * Lets the views inside an app know which middleware runs: where each of them begins, and when it goes on.
 *
 * The layers of a copy of the router have one prototype, which is patched once. Where none is found, nothing is known of
 * layers, and every read inside a cached part counts: safe, and it loses pages.
 */
export function watchLayers(app: Application): void {
  const { _router } = app as { _router?: { stack?: readonly Layer[] } };
  // Express 4 throws for `app.router`.
  const stack = _router?.stack ?? (app.router as { stack?: readonly Layer[] } | undefined)?.stack;
  patchStack(stack);
}

function patchStack(stack: readonly Layer[] | undefined): void {
  const layer = stack?.[0];
  if (layer === undefined) return;
  const prototype = Object.getPrototypeOf(layer) as LayerPrototype;
  if (prototype[patched] === true) return;
  prototype[patched] = true;
  for (const { names, res, takes } of METHODS) {
    for (const name of names) {
      const method = prototype[name];
      if (method === undefined) continue;
      Object.defineProperty(prototype, name, {
        configurable: true,
        writable: true,
        value: function viewcacheLayer(this: Layer, ...args: unknown[]): unknown {
          const layers = layersOf(args[res] as ServerResponse);
          // A route's own layer only hands over to those of its handlers.
          if (layers === undefined || this.route !== undefined || !takes(this.handle.length)) {
            return method.apply(this, args);
          }
          // A router of another copy of Express, or of the router alone.
          patchStack(this.handle.stack);
          return layers.runLayer(this.handle, method, this, args);
        },
      });
    }
  }
}
