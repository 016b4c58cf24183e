import { AsyncLocalStorage } from 'node:async_hooks';
import type { ServerResponse } from 'node:http';
import { APP, isLoader, isMachinery, type Left, type Reader } from './loaders.js';
import { ANCHORS, lateReaderOf, readerOf } from './readers.js';

/** Middleware as a router holds it. */
export type LayerFunction = ((...args: never[]) => unknown) & { readonly [declared]?: true };
/** By its key in an object: a name that `for … in` finds goes over to what tracing puts around a function. */
const declared = 'viewcacheLoader' as const;

/** Where in a chain of middleware something was read. */
export interface ReadBy {
  readonly reader: Reader;
  /** The middleware's name. */
  readonly layer: string | undefined;
  /** It went on to the next one, so a hit would skip it. */
  readonly hasGoneOn: boolean;
  /** It ran in front of the view, and around the handler. */
  readonly isEarly?: boolean;
}

/** What the guard lends to the layers inside it. */
export interface LayerOwner {
  /** Loaders may be excused at all. */
  readonly mayExcuse: boolean;
  use(input: string, by: ReadBy): void;
  /** What stands on request and response now, to be compared later. */
  takeStock(): Stock;
  /** Watches what a loader has left; all there is, where nothing was taken down before it. */
  watchLeft(before: Stock | undefined): void;
  entering(layer: LayerFunction): void;
  /** Whether a layer that failed is to run again, now that nothing is watched any more. */
  mayRunAgain(error: unknown, layer: LayerFunction): boolean;
}

/** Properties and fields of a request and its response at one time. */
export interface Stock extends Left {
  readonly req: ReadonlySet<string | symbol>;
  readonly res: ReadonlySet<string | symbol>;
  readonly locals: ReadonlySet<string | symbol>;
  readonly fields: Readonly<Record<string, unknown>>;
}

type Next = (error?: unknown) => void;
type Method = (this: unknown, ...args: unknown[]) => unknown;

/** One layer's turn, as far as its `next` has to know of it. */
interface Turn {
  readonly layers: InnerLayers;
  readonly turn: number;
  readonly layer: LayerFunction;
  readonly method: Method;
  readonly self: object;
  /** Of the method, `next` the last of them. */
  readonly args: unknown[];
  readonly next: Next;
}

function goOn(this: Turn, error?: unknown): void {
  this.layers.goOn(this, error);
}

/** Layers that have read something and were no loaders: nothing is taken down for them. */
const others = new WeakSet<LayerFunction>();
/** Loaders that were known in a bundle: what they put in place of `res.end` is theirs, though no package says so. */
const bundled = new WeakSet<LayerFunction>();

/** Whose asynchronous code runs, where a loader was declared. */
const loading = new AsyncLocalStorage<object>();

/**
 * Follows a request through the middleware inside a cached part, so that what each of them reads is known for its own.
 *
 * What is read while a layer runs is held until it has gone on to the next, and dropped then if it was a loader. What it
 * reads later, after an `await`, may as well be somebody else's read, and counts at once.
 */
export class InnerLayers {
  readonly #owner: LayerOwner;
  readonly #res: ServerResponse;
  #layer: LayerFunction | undefined;
  /** Counted, so that who goes on twice, or late, is known. */
  #turn = 0;
  #isSync = false;
  #token: object | undefined;
  #reads: Map<string, Reader> | undefined;
  #stock: Stock | undefined;
  /** What middleware inside has put in place of `res.end` and `res.writeHead`, while it runs. */
  #replaced: { readonly layer: LayerFunction; readonly anchor: string } | undefined;
  #end: ServerResponse['end'];
  #writeHead: ServerResponse['writeHead'];

  constructor(owner: LayerOwner, res: ServerResponse) {
    this.#owner = owner;
    this.#res = res;
    this.#end = res.end;
    this.#writeHead = res.writeHead;
  }

  /**
   * Runs one layer, by the method of its router, whose last argument is `next`.
   *
   * @param method - called directly from here: that is how the stack tells whose function the middleware is
   */
  runLayer(layer: LayerFunction, method: Method, self: object, args: unknown[]): unknown {
    this.#settle(false);
    this.#layer = layer;
    this.#isSync = true;
    this.#owner.entering(layer);
    const turn = ++this.#turn;
    const last = args.length - 1;
    const next = args[last] as Next;
    // Bound, and no function made here: what a function made for one request reaches, V8 may keep until the next full collection.
    args[last] = goOn.bind({ layers: this, turn, layer, method, self, args, next });
    try {
      if (layer[declared] !== true) return method.apply(self, args);
      this.#token = {};
      return loading.run(this.#token, () => method.apply(self, args));
    } finally {
      if (turn === this.#turn) this.#isSync = false;
    }
  }

  /** A layer calls its `next`. */
  goOn({ turn, layer, method, self, args, next }: Turn, error: unknown): void {
    if (error !== undefined && turn === this.#turn && this.#owner.mayRunAgain(error, layer)) {
      args[args.length - 1] = next;
      method.apply(self, args);
      return;
    }
    this.#leave(turn, error === undefined);
    next(error);
  }

  /** An input was read: by whom, the layers know. */
  take(input: string): void {
    const layer = this.#layer;
    if (this.#replaced !== undefined) {
      const { layer: owner, anchor } = this.#replaced;
      const reader = readerOf(owner, `${anchor} ${input}`, anchor);
      if (!isMachinery(reader, bundled.has(owner)))
        this.#owner.use(input, { reader, layer: nameOf(owner), hasGoneOn: true });
    } else if (layer !== undefined && (this.#isSync || this.#isLoading)) {
      if (this.#reads === undefined) {
        this.#reads = new Map();
        if (layer[declared] !== true && !others.has(layer)) this.#stock = this.#owner.takeStock();
      }
      this.#reads.set(input, readerOf(layer, input, ANCHORS.layer));
    } else {
      const reader = lateReaderOf(layer, input);
      this.#owner.use(input, { reader, layer: layer && nameOf(layer), hasGoneOn: false });
    }
  }

  /** The response is being written: who runs now is the one that answers, and all that it has read are uses. */
  conclude(): void {
    this.#settle(false);
  }

  runReplacedEnd(layer: LayerFunction, end: Method, args: unknown[]): unknown {
    this.#settle(false);
    const outer = this.#replaced;
    this.#replaced = { layer, anchor: ANCHORS.end };
    try {
      return end.apply(this.#res, args);
    } finally {
      this.#replaced = outer;
    }
  }

  runReplacedHead(layer: LayerFunction, writeHead: Method, args: unknown[]): unknown {
    const outer = this.#replaced;
    this.#replaced = { layer, anchor: ANCHORS.head };
    try {
      return writeHead.apply(this.#res, args);
    } finally {
      this.#replaced = outer;
    }
  }

  /** A loader that was declared goes on loading after an `await`. */
  get #isLoading(): boolean {
    return this.#token !== undefined && loading.getStore() === this.#token;
  }

  #leave(turn: number, hasGoneOn: boolean): void {
    if (turn !== this.#turn) return;
    const layer = this.#layer;
    this.#settle(hasGoneOn);
    // Between two layers the router runs functions of the app's own, for parameters: what they read, nobody is excused for.
    this.#layer = undefined;
    this.#token = undefined;
    if (layer !== undefined) this.#adoptReplaced(layer);
  }

  #settle(hasGoneOn: boolean): void {
    const reads = this.#reads;
    const layer = this.#layer;
    const stock = this.#stock;
    this.#reads = undefined;
    this.#stock = undefined;
    if (layer === undefined) return;
    const isDeclared = layer[declared] === true;
    if (reads === undefined && !isDeclared) return;
    if (hasGoneOn && this.#owner.mayExcuse && (isDeclared || isLoader(reads ?? NOTHING, stock))) {
      if (!isDeclared && [...(reads ?? NOTHING).values()].every((reader) => reader.package === APP)) bundled.add(layer);
      this.#owner.watchLeft(stock);
      return;
    }
    others.add(layer);
    for (const [input, reader] of reads ?? NOTHING) this.#owner.use(input, { reader, layer: nameOf(layer), hasGoneOn });
  }

  /** What a layer has put in place of these runs when a later one answers: reads in there are its own. */
  #adoptReplaced(layer: LayerFunction): void {
    const res = this.#res;
    const { end, writeHead } = res;
    if (end !== this.#end) {
      this.#end = res.end = ((...args: unknown[]) =>
        this.runReplacedEnd(layer, end as Method, args)) as ServerResponse['end'];
    }
    if (writeHead !== this.#writeHead) {
      this.#writeHead = res.writeHead = ((...args: unknown[]) =>
        this.runReplacedHead(layer, writeHead as Method, args)) as ServerResponse['writeHead'];
    }
  }
}

const NOTHING: ReadonlyMap<string, Reader> = new Map();

function nameOf(layer: LayerFunction): string {
  return layer.name === '' ? '<anonymous>' : layer.name;
}

/** Declares that a middleware only loads, and always goes on to the next one. */
export function declareLoader<M extends (...args: never[]) => unknown>(middleware: M): void {
  Object.defineProperty(middleware, declared, { value: true, enumerable: true });
}
