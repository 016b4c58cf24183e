import type { IncomingMessage, ServerResponse } from 'node:http';
import { readInputs } from '../config/input-options.js';
import type { Guarding } from './guarding.js';
import type { ViewHost } from './view-host.js';
import { WatchedRequest } from './watched-request.js';
import type { Watcher } from './watcher.js';

/** Nothing is hidden from whoever reads, and nothing excused: the view says later what its reads mean. */
const RULES = readInputs('', undefined, undefined, []);

const slot: unique symbol = Symbol.for('viewcache.early') as never;
type Watched = { [slot]?: EarlyWatch };

/**
 * Notes what is read of a request in front of a view by code that shapes its responses all the same: where a framework lets
 * such code run around the handler, its first half runs before the view is asked. Costs as much as a guard, on hits too.
 */
export class EarlyWatch implements Watcher, Guarding {
  readonly rules = RULES;
  readonly isHiding = false;
  isListening = true;
  readonly keyedBy: unknown;
  readonly #inputs = new Set<string>();
  readonly #watched: WatchedRequest;

  constructor(req: IncomingMessage, res: ServerResponse, host: ViewHost<never>) {
    this.keyedBy = host.prepare?.(req as never);
    this.#watched = new WatchedRequest(req, res, this, host.front?.(req as never));
    this.#watched.watch();
  }

  get isHeard(): boolean {
    return this.isListening;
  }

  /** What was read. */
  get inputs(): ReadonlySet<string> {
    return this.#inputs;
  }

  /** From here on the view itself watches, if it has to. */
  end(): void {
    this.isListening = false;
    this.#watched.leave();
  }

  /** Takes what watches away again. */
  release(): void {
    this.end();
    this.#watched.restore();
  }

  note(input: string): void {
    if (this.isListening) this.#inputs.add(input);
  }

  unwatched<T>(run: () => T): T {
    const wasListening = this.isListening;
    this.isListening = false;
    try {
      return run();
    } finally {
      this.isListening = wasListening;
    }
  }

  isCleared(): boolean {
    return false;
  }

  isRefilled(): boolean {
    return false;
  }

  // There are no loaders this far out.
  leftInput(): void {}
  leftField(): void {}
}

/** Begins to watch a request that a view may be asked for; once. */
export function watchEarly<Req extends IncomingMessage>(req: Req, res: ServerResponse, host: ViewHost<Req>): void {
  if (earlyWatchOf(req) === undefined) (req as Watched)[slot] = new EarlyWatch(req, res, host);
}

/** The watch that {@link watchEarly} has begun, though it may have ended. */
export function earlyWatchOf(req: object): EarlyWatch | undefined {
  return (req as Watched)[slot];
}
