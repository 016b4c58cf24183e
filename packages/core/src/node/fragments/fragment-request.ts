import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CacheRuntime } from '../../cache/runtime.js';
import { currentView, enterView, nextMoment } from '../../engine/view-storage.js';
import { guardOf } from '../guarding.js';
import { type Fields, ofRequests } from '../inputs.js';
import { visitorOf } from '../leading.js';
import type { FragmentsHome } from './fragments-home.js';
import { fragmentsSlot } from './fragments-slot.js';
import { hasPerson, watchLocals } from './visitor-locals.js';

/** Where an engine has its templates. */
export interface TemplatePlace {
  readonly roots: readonly string[];
  /** It reads none of them twice. */
  readonly isFixed: boolean;
}

type ExpressApp = { get(setting: string): unknown };

/** What fragments know of the request that they are rendered for. */
export class FragmentRequest {
  readonly home: FragmentsHome;
  readonly runtime: CacheRuntime;
  /** The local clock before anything was read for this request: what a template is given is no newer. */
  readonly token: number;
  /** When that was, as {@link nextMoment} counts. */
  readonly moment = nextMoment();
  readonly #req: IncomingMessage & Fields;
  readonly #inputs = new Map<string, unknown>();
  readonly #sources = new Map<string, string>();
  #isKnown: boolean | undefined;

  readonly #res: ServerResponse;

  constructor(home: FragmentsHome, req: IncomingMessage, res: ServerResponse) {
    this.home = home;
    this.#res = res;
    this.runtime = home.runtime;
    this.token = this.runtime.tags.clock;
    this.#req = req as IncomingMessage & Fields;
  }

  /** Runs something as a part of the cached view that it is rendered in, if any, though nothing else may have said so. */
  within<T>(run: () => T): T {
    const view = currentView() === undefined ? visitorOf(this.#res)?.context : undefined;
    return view === undefined ? run() : enterView(view, run);
  }

  /** What a template is given in place of what Express hands to its engine. */
  watch(given: Fields): Fields {
    this.#isKnown = undefined;
    return this.#unwatched(() => watchLocals(given, this.#req, this.#inputs));
  }

  /** Somebody is known to be asking. */
  get isKnown(): boolean {
    this.#isKnown ??= this.#unwatched(() => hasPerson(this.#req, this.#inputs, this.home.settings.ignore));
    return this.#isKnown;
  }

  /** What an input is for this request; `undefined` too where nobody can tell. */
  valueOf(input: string): unknown {
    if (this.#inputs.has(input)) return this.#inputs.get(input);
    return input.startsWith('req.') ? this.#unwatched(() => this.#req[input.slice('req.'.length)]) : undefined;
  }

  /** Whether there is anybody who could tell what an input is. */
  knows(input: string): boolean {
    return this.#inputs.has(input) || input.startsWith('req.');
  }

  /** The inputs that may be about the visitor, whether or not anybody reads them. */
  get inputs(): readonly (readonly [input: string, value: unknown])[] {
    const ofRequest = this.#unwatched(() =>
      ofRequests.of(this.#req).map((name) => [`req.${String(name)}`, this.#req[name as string]] as const),
    );
    return [...this.#inputs, ...ofRequest];
  }

  /** The text of the templates that are rendered for it, asked for once. */
  sourcesOf(place: TemplatePlace | undefined): string {
    const { roots, isFixed } = place ?? this.#ownPlace;
    const name = roots.join('\0');
    const known = this.#sources.get(name) ?? this.home.sources.textOf(roots, isFixed);
    this.#sources.set(name, known);
    return known;
  }

  get #ownPlace(): TemplatePlace {
    const app = this.#req['app'] as ExpressApp | undefined;
    return placeOf({ views: app?.get('views'), 'view cache': app?.get('view cache') });
  }

  /** A guard that stands around is told nothing: what is asked here, nothing is rendered of. */
  #unwatched<T>(run: () => T): T {
    const guard = guardOf(this.#req);
    return guard === undefined ? run() : guard.unwatched(run);
  }
}

/** Where Express says that its templates are. */
export function placeOf(settings: unknown): TemplatePlace {
  const { views, 'view cache': isFixed } = (settings ?? {}) as { views?: unknown; 'view cache'?: unknown };
  const roots = (Array.isArray(views) ? views : [views]).filter((root) => typeof root === 'string');
  return { roots, isFixed: Boolean(isFixed) };
}

/** Puts the fragments of a request where engines find them. */
export function attachFragments(res: ServerResponse, request: FragmentRequest): void {
  const holder = res as ServerResponse & { locals?: object };
  holder.locals ??= Object.create(null) as object;
  // Not to be gone through: `res.render` copies all that is.
  Object.defineProperty(holder.locals, fragmentsSlot, { configurable: true, writable: true, value: request });
}

/** The fragments of the request that something is rendered for, by what Express hands to its engine, or by its response. */
export function requestOf(holder: unknown): FragmentRequest | undefined {
  if (typeof holder !== 'object' || holder === null) return undefined;
  const { _locals, locals } = holder as { _locals?: unknown; locals?: unknown };
  const at = _locals ?? locals;
  return typeof at === 'object' && at !== null
    ? (at as { [fragmentsSlot]?: FragmentRequest })[fragmentsSlot]
    : undefined;
}
