import type { IncomingMessage, ServerResponse } from 'node:http';
import type { InputRules, WatchedStorage } from '../config/input-options.js';
import type { InputHearer } from '../engine/input-hearer.js';
import type { Lead } from '../engine/lead.js';
import type { RequestFields } from '../engine/variants.js';
import { currentView } from '../engine/view-storage.js';
import { coversNobody } from './covers-nobody.js';
import { fieldAction } from './field-inputs.js';
import type { Guarding } from './guarding.js';
import { InnerLayers, type LayerFunction, type LayerOwner, type ReadBy, type Stock } from './inner-layers.js';
import { actionOn, FIELD, isLearned, selectingNameIn } from './input-action.js';
import type { Use } from './input-use.js';
import { type Place, warnOfMany, warnOfUse } from './input-warnings.js';
import { CREDENTIALS, OF_NOBODY, OF_VISITORS, VISITOR } from './inputs.js';
import { learnedFieldsOf } from './learned-fields.js';
import { UNKNOWN_READER } from './loaders.js';
import { isCloneError, uncloneable } from './uncloneable.js';
import { tellValue, ValueInputs } from './value-inputs.js';
import { ALL_FIELDS } from './watched-fields.js';
import type { Front } from './watched-front.js';
import { WatchedRequest } from './watched-request.js';
import type { Watcher } from './watcher.js';

/** On whose behalf a guard watches. */
export interface GuardOwner {
  /** What the request said before anything inside could change it. */
  readonly fields: RequestFields;
  /** Nothing is watched any more, for the sake of a layer that cannot do with it; nothing may be stored either. */
  released(isNew: boolean): void;
}

/** What a guard goes by. */
export interface GuardPolicy {
  /** Names of request fields that are in the key, lower case. */
  readonly vary: readonly string[];
  readonly inputs: InputRules;
}

/**
 * Notices what of a request shapes a response, while its leader runs: what is not in the cache key, and not known to be
 * the same for everybody, keeps the response from being stored.
 *
 * It watches reads. An assignment proves nothing: a middleware that sets `req.user` may refuse the next visitor. Only
 * recognised loaders are excused, which always go on. Nothing of it exists on a hit. What was read before the cache and
 * kept in a closure or an AsyncLocalStorage it cannot see.
 */
export class InputGuard implements Watcher, LayerOwner, InputHearer, Guarding {
  readonly rules: InputRules;
  readonly mayExcuse: boolean;
  readonly layers: InnerLayers;
  #refusal: Use | undefined;
  /** Stored all the same, with a warning. */
  #concerns: Use[] | undefined;
  #selecting: Set<string> | undefined;
  #learned: Set<string> | undefined;
  #weighed = 0;
  #keyed: Set<string> | undefined;
  #forgotten: Set<string> | undefined;
  readonly #varied: readonly string[];
  #left: Set<string> | undefined;
  #passed: Set<string> | undefined;
  /** While the policy's own `key` runs, what it reads becomes part of the key. */
  #isKeying = false;
  #isSuspended = false;
  #isStopped = false;
  #hasLeft = false;
  #ofValues: ValueInputs | undefined;
  readonly #owner: GuardOwner;
  readonly #res: ServerResponse;
  readonly #refilled: readonly string[];
  readonly #watched: WatchedRequest;
  /** By what the framework has read scheme and host for the key; its own to know. */
  keyedBy: unknown;

  /**
   * @param refilled - values that are filled in anew on each hit: where they are read, nothing of one visitor stays
   * @param front - what the handler is given in place of Node's request and response
   */
  constructor(
    req: IncomingMessage,
    res: ServerResponse,
    policy: GuardPolicy,
    owner: GuardOwner,
    refilled: readonly string[] = [],
    front?: Front,
  ) {
    const { vary, inputs } = policy;
    this.rules = inputs;
    this.mayExcuse = req.method === 'GET' || req.method === 'HEAD';
    this.#owner = owner;
    this.#res = res;
    this.#varied = vary;
    if (vary.length > 0) this.#keyed = new Set(vary.map((name) => `header ${name}`));
    this.#refilled = refilled;
    this.layers = new InnerLayers(this, res);
    this.#watched = new WatchedRequest(req, res, this, front);
    this.#watched.watch();
  }

  /** The first input that keeps the response from being stored: `header cookie`, `req.user`, `res.locals.user`. */
  get refusal(): string | undefined {
    return this.#refusal?.input;
  }

  /** What to select by: names of request fields, and of properties as {@link selectingNameOf} makes them. */
  get selecting(): ReadonlySet<string> {
    return this.#selecting ?? NOTHING;
  }

  /** Those of them that nobody has named: they may turn out to have a value for each visitor. */
  get learned(): ReadonlySet<string> {
    return this.#learned ?? NOTHING;
  }

  get isListening(): boolean {
    return !this.#isStopped && !this.#isSuspended;
  }

  /** A value may still be made of what is read, which others are given, when the response is long out. */
  get isHeard(): boolean {
    if (this.#isSuspended) return false;
    return !this.#isStopped || (!this.#hasLeft && currentView()?.isProducer === true);
  }

  get isHiding(): boolean {
    return this.isHeard && !this.#isKeying;
  }

  /** Fields of the response that say whom a loader inside has seen: not for others. */
  get withheld(): ReadonlySet<string> {
    return this.#watched.withheld ?? NOTHING;
  }

  /**
   * Runs the policy's `key` function: what it reads, the key covers. Where it returns nothing for somebody who is known,
   * most likely it has asked for a name that users do not have, and all of them would share one page: who is known it does
   * not cover then.
   */
  key(run: () => unknown): void {
    this.#isKeying = true;
    try {
      if (run() !== undefined) return;
      for (const input of PERSONS) {
        if (this.#keyed?.has(input) !== true || this.#varied.includes(input.slice(FIELD.length))) continue;
        if (!this.unwatched(() => this.#watched.has(input))) continue;
        this.#keyed.delete(input);
        this.#forgotten ??= new Set();
        this.#forgotten.add(input);
      }
    } finally {
      this.#isKeying = false;
    }
  }

  /** Whether a request with Authorization may be stored: the key covers who is asking, or nobody was told. */
  get coversIdentity(): boolean {
    return (
      CREDENTIALS.some((input) => this.#keyed?.has(input) === true) || this.rules.hiddenFields.has('authorization')
    );
  }

  /** Runs what reads inputs that are in every key anyway. */
  unwatched<T>(run: () => T): T {
    const wasSuspended = this.#isSuspended;
    this.#isSuspended = true;
    try {
      return run();
    } finally {
      this.#isSuspended = wasSuspended;
    }
  }

  /** While the head goes out, the machinery of outer middleware runs: what it reads shapes nothing of the handler's. */
  suspend(): void {
    this.#isSuspended = true;
  }

  /** The head is out, the handler goes on: what it reads now may shape the rest of the body. */
  resume(): void {
    this.#isSuspended = false;
  }

  /** The handler has answered: what is read from now on shaped nothing, but for values that are still being made. */
  stop(): void {
    this.layers.conclude();
    this.#isSuspended = false;
    // What watches stays where it is, and lets everything through: to take it away again costs more than it does.
    this.#isStopped = true;
    this.#watched.leave();
  }

  /** Another one watches in its place, or nobody. */
  leave(): void {
    this.#hasLeft = true;
    this.stop();
  }

  /** Watches on where the request is given another connection. */
  move(make: () => void): void {
    if (this.#isStopped) make();
    else this.unwatched(() => this.#watched.move(make));
  }

  entering(layer: LayerFunction): void {
    if (uncloneable.has(layer)) this.#release(false);
  }

  mayRunAgain(error: unknown, layer: LayerFunction): boolean {
    if (!this.isListening || !this.mayExcuse || this.#res.headersSent || !isCloneError(error)) return false;
    uncloneable.add(layer);
    this.#release(true);
    return true;
  }

  note(input: string): void {
    if (this.#isSuspended || this.#hasLeft) return;
    const run = currentView();
    const making = run?.isProducer === true ? run : undefined;
    if (making !== undefined) tellValue(making, input, this.rules, this.#watched.isTainted(input));
    if (this.#isStopped) return;
    if (this.#isKeying) this.#cover(input);
    else if (this.isCleared(input)) this.#letThrough(input);
    else {
      this.#ofValues ??= new ValueInputs();
      this.#ofValues.add(input, making?.made);
      this.layers.take(input);
    }
  }

  noteUsed(inputs: readonly string[], text: string): void {
    if (!this.isListening || this.#isKeying) return;
    for (const used of inputs) {
      // What that is made of, the page has heard.
      if (used === OF_NOBODY) continue;
      const input = used.startsWith(OF_VISITORS) ? VISITOR : used;
      if (input === VISITOR ? coversNobody(used, this.#keyed ?? NOTHING) : this.isCleared(input)) continue;
      this.#ofValues ??= new ValueInputs();
      this.#ofValues.inherit(input, text);
      this.layers.take(input);
    }
  }

  /** Fields that were read and are no input by themselves: only where the page shows what they say. */
  get passed(): ReadonlySet<string> {
    return this.#passed ?? NOTHING;
  }

  /** What was read in front of the view, by code that shapes its responses: a use, unless the key covers it. */
  noteEarly(inputs: Iterable<string>): void {
    for (const input of inputs) {
      if (this.isCleared(input)) this.#letThrough(input);
      else this.use(input, EARLIER);
    }
  }

  /** Somebody has asked for the store of an AsyncLocalStorage. */
  noteStore(storage: object): void {
    const at = this.rules.watch.indexOf(storage as WatchedStorage);
    if (at >= 0) this.note(`watch[${at}]`);
  }

  isCleared(input: string): boolean {
    // What a handler has given to its template it has read itself, of the request that is watched.
    if (input.startsWith(OF_TEMPLATES)) return true;
    if (this.#keyed?.has(input) === true) return true;
    if (this.rules.actions.size > 0) {
      const action = this.rules.actions.get(input);
      if (action !== undefined) return action === 'ignore';
    }
    return (
      input.startsWith(FIELD) && fieldAction(input.slice(FIELD.length)) === 'ignore' && !this.#watched.isTainted(input)
    );
  }

  isRefilled(value: unknown): boolean {
    return this.#refilled.length > 0 && typeof value === 'string' && this.#refilled.includes(value);
  }

  /** What has been read until now counts: the response is being judged. */
  conclude(): void {
    this.layers.conclude();
  }

  use(input: string, by: ReadBy): void {
    const action = actionOn(input, this.rules, this.#watched.isTainted(input));
    if (action === 'ignore') return;
    if ((action === 'vary' || action === 'learn') && this.#ofValues?.isInherited(input) !== true) {
      const name = selectingNameIn(input, this.rules, this.#owner.fields);
      if (name !== undefined) {
        this.#selecting ??= new Set();
        this.#selecting.add(name);
        if (isLearned(input, this.rules)) {
          this.#learned ??= new Set();
          this.#learned.add(name);
        }
        return;
      }
    }
    this.refuse(input, by);
  }

  /** Keeps the response from being stored, or says only that it should have been kept. */
  refuse(input: string, by: ReadBy = NOBODY): void {
    const isForgotten = this.#forgotten?.has(input) === true;
    const use = {
      input,
      by,
      isLeft: this.#left?.has(input) === true,
      isForgotten,
      value: this.#ofValues?.valueOf(input),
    };
    if (this.rules.mode === 'warn') {
      this.#concerns ??= [];
      this.#concerns.push(use);
    } else {
      this.#refusal ??= use;
    }
  }

  leftInput(input: string, isWatched: boolean): void {
    this.#left ??= new Set();
    this.#left.add(input);
    this.#keyed?.delete(input);
    // Nobody would hear of its being read.
    if (!isWatched && !this.isCleared(input)) this.refuse(input);
  }

  leftField(name: string): void {
    const input = `response header ${name}`;
    if (!this.isCleared(input)) this.refuse(input);
  }

  /** Whether there is anything to {@link report}. */
  get hasUses(): boolean {
    return this.#refusal !== undefined || this.#concerns !== undefined;
  }

  /** Tells what was read, to who can do something about it. */
  report(where: Place, isRefused: boolean): void {
    if (isRefused && this.#refusal !== undefined && this.#refusal.by !== NOBODY)
      warnOfUse(this.rules, this.#refusal, where);
    for (const use of this.#concerns ?? []) warnOfUse(this.rules, use, where);
  }

  /** Asks, once for each response, whether the fields it was found to be selected by may select it. */
  weigh(lead: Lead, where: Place): void {
    if (this.#weighed === this.learned.size) return;
    this.#weighed = this.learned.size;
    const counters = where.telemetry.route(where.route);
    const { refused, barred } = learnedFieldsOf(this.rules).weigh(this.learned, lead, where.route, counters, where.now);
    if (barred !== undefined) warnOfMany(this.rules, barred, where);
    if (refused !== undefined) this.refuse(`header ${refused}`, { ...NOBODY });
  }

  takeStock(): Stock {
    return this.unwatched(() => this.#watched.takeStock());
  }

  watchLeft(before: Stock | undefined): void {
    this.unwatched(() => this.#watched.watchLeft(before));
  }

  /** Takes the watched objects away: for code that cannot do with them, whose response is not stored. */
  #release(isNew: boolean): void {
    if (this.#isStopped) return;
    this.#refusal ??= { input: ALL_FIELDS, by: NOBODY };
    this.#isStopped = true;
    this.#watched.leave();
    this.#watched.restore();
    this.#owner.released(isNew);
  }

  #letThrough(input: string): void {
    // What is covered, or was named to be ignored, may be shown.
    if (!input.startsWith(FIELD) || this.#keyed?.has(input) === true || this.rules.actions.has(input)) return;
    this.#passed ??= new Set();
    this.#passed.add(input.slice(FIELD.length));
  }

  #cover(input: string): void {
    this.#keyed ??= new Set();
    this.#keyed.add(input);
  }
}

const NOBODY: ReadBy = {
  reader: UNKNOWN_READER,
  layer: undefined,
  hasGoneOn: false,
};
const EARLIER: ReadBy = { ...NOBODY, isEarly: true };

/** How the inputs of fragments begin that are none of the request. */
const OF_TEMPLATES = 'local ';

/** Inputs that say who is asking, as a whole. */
const PERSONS = ['req.user', 'req.auth', 'header authorization'];

const NOTHING: ReadonlySet<string> = new Set();
