import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CacheRuntime } from '../../cache/runtime.js';
import { currentView, enterView, nextMoment } from '../../engine/view-storage.js';
import { guardOf } from '../guarding.js';
import { type Fields, ofRequests } from '../inputs.js';
import { visitorOf } from '../leading.js';
import type { FragmentsHome } from './fragments-home.js';
import { fragmentsSlot } from './fragments-slot.js';
import { hasCredentials, hasPerson, setsCookie } from './known-visitor.js';
import { originOf } from './request-origin.js';
import { type VisitorLocals, watchLocals } from './visitor-locals.js';

/** Where an engine has its templates. */
export interface TemplatePlace {
  readonly roots: readonly string[];
  /** It reads none of them twice. */
  readonly isFixed: boolean;
}

type ExpressApp = { readonly settings?: Fields };

/** What fragments know of the request that they are rendered for. */
export class FragmentRequest {
  readonly home: FragmentsHome;
  readonly runtime: CacheRuntime;
  /** The local clock before anything was read for this request: what a template is given is no newer. */
  readonly token: number;
  /** When that was, as {@link nextMoment} counts. */
  readonly moment = nextMoment();
  readonly #req: IncomingMessage & Fields;
  readonly #locals: VisitorLocals = { inputs: new Map(), persons: [] };
  readonly #sources = new Map<string, string>();
  readonly #res: ServerResponse & { readonly locals?: Fields };
  /** As it has come: middleware may take a field away. */
  readonly #hasCome: boolean;
  /** What it has rendered of storable fragments, by their keys; absent where nobody develops. */
  readonly made: Map<string, string> | undefined;

  constructor(home: FragmentsHome, req: IncomingMessage, res: ServerResponse) {
    this.home = home;
    this.#res = res;
    this.made = home.isInDevelopment ? new Map() : undefined;
    this.runtime = home.runtime;
    this.token = this.runtime.tags.clock;
    this.#req = req as IncomingMessage & Fields;
    this.#hasCome = this.#unwatched(() => hasCredentials(req, home.settings.ignore));
  }

  /** Runs something as a part of the cached view that it is rendered in, if any, though nothing else may have said so. */
  within<T>(run: () => T): T {
    const view = currentView() === undefined ? visitorOf(this.#res)?.context : undefined;
    return view === undefined ? run() : enterView(view, run);
  }

  /** What a template is given in place of what Express hands to its engine. */
  watch(given: Fields): Fields {
    return this.#unwatched(() => watchLocals(given, this.#req, this.settings, this.#locals));
  }

  /** Those of the app; `undefined` where there is none. */
  get settings(): Fields | undefined {
    return (this.#req['app'] as ExpressApp | undefined)?.settings;
  }

  /** The scheme and host that it is for, as it is now; empty where that tells no fragments apart. */
  get origin(): string {
    return this.home.settings.ignoresHost ? '' : this.#unwatched(() => originOf(this.#req));
  }

  /** Somebody may be known to be asking, as it is now: a login may come between two fragments. */
  get mayBeKnown(): boolean {
    const isFound = (): boolean =>
      setsCookie(this.#res) ||
      hasCredentials(this.#req, this.home.settings.ignore) ||
      hasPerson(this.#req, this.#res.locals, this.#locals.persons);
    return this.#hasCome || this.#unwatched(isFound);
  }

  /** The inputs that may be about the visitor, whether or not anybody reads them. */
  get inputs(): readonly (readonly [input: string, value: unknown])[] {
    const own = this.#unwatched(() => [
      ...Object.entries(this.#res.locals ?? {}).map(([name, value]) => [`res.locals.${name}`, value] as const),
      ...ofRequests.of(this.#req).map((name) => [`req.${String(name)}`, this.#req[name as string]] as const),
    ]);
    return [...this.#locals.inputs, ...own];
  }

  /** The text of the templates that are rendered for it, asked for once. */
  sourcesOf(place: TemplatePlace | undefined): string {
    const { roots, isFixed } = place ?? placeOf(this.settings);
    const name = roots.join('\0');
    const known = this.#sources.get(name) ?? this.home.sources.textOf(roots, isFixed);
    this.#sources.set(name, known);
    return known;
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
