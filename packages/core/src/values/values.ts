import type { FillToken } from '../engine/fill-token.js';
import type { Keyed } from '../engine/keyed.js';
import type { LocalItem } from '../engine/local-item.js';
import type { NestedTag } from '../engine/nested-tag.js';
import { type OwnName, Shortcuts } from '../engine/shortcuts.js';
import { StaleMemory, StaleUses } from '../engine/stale-uses.js';
import type { Write, Written } from '../engine/value-access.js';
import { ViewContext } from '../engine/view-context.js';
import { currentView } from '../engine/view-storage.js';
import type { Refusal } from '../ports/event-sink.js';
import type { HeldValue } from '../ports/stored-response.js';
import { Caller, type Outcome } from './caller.js';
import type { Copying } from './copying.js';
import { deliver, NOTHING_FOUND } from './delivery.js';
import { type MadeValue, makeValue } from './make-value.js';
import type { Producer } from './producer.js';
import { QuickHits } from './quick-hits.js';
import { warnUnstorable } from './unstorable-warning.js';
import type { ValueKey } from './value-key.js';
import { type ValueParts, valueIn } from './value-parts.js';
import { UNNAMED, type ValuePolicy } from './value-policy.js';

/** What something is found by that is written, rather than made by a producer. */
export interface WrittenKey extends Keyed {
  /** The tag of this very value. */
  readonly ownTag: string;
}

/** A value on its way into the cache. */
export interface ValueWrite {
  readonly key: WrittenKey;
  readonly value: unknown;
  readonly since?: FillToken | undefined;
  readonly onlyIf?: Write['onlyIf'];
  /** What was read of a request to make it, as far as that is known. */
  readonly inputs?: readonly string[] | undefined;
  /** What it is made of that was stored already, as far as that is known. */
  readonly nested?: readonly NestedTag[] | undefined;
}

/** Values by key: found, made by producers, and written. */
export class Values {
  readonly parts: ValueParts;
  readonly quick: QuickHits;
  #memory = new StaleMemory();
  /** Of the namespaces that have any. */
  readonly #spaces = new Map<string, Shortcuts>();

  constructor(parts: ValueParts) {
    this.parts = parts;
    this.quick = new QuickHits(parts.engine.values.shortWay, parts.sink);
  }

  /** A policy, with what was learnt under others about the same keys. */
  uses(policy: ValuePolicy): StaleUses<ValuePolicy> {
    return new StaleUses(policy, this.#memory);
  }

  /** Forgets which producers have failed. */
  forget(): void {
    this.#memory = new StaleMemory();
  }

  /** The shortcuts of a namespace, whoever has made them: there may be as many handles of it as there are requests. */
  shortcutsOf(prefix: string): Shortcuts {
    return this.#spaces.get(prefix) ?? new Shortcuts(this.#spaces, prefix);
  }

  /** Has {@link quick} find what {@link find} has found, by the name that it has in a namespace. */
  shorten(key: Keyed, name: OwnName, prefix: string): Shortcuts {
    const shortcuts = this.shortcutsOf(prefix);
    this.shortenIn(shortcuts, key, name);
    return shortcuts;
  }

  /** {@link shorten} for what is in no namespace. */
  shortenIn(shortcuts: Shortcuts, key: Keyed, name: OwnName): void {
    // Who has heard of the hit may have paused the cache.
    if (!this.parts.isOff) this.parts.engine.values.shortWay.note(shortcuts, name, key);
  }

  /** Answers from memory, where it can be done without another thought; {@link NOTHING_FOUND} elsewhere. */
  find(key: Keyed, copying: Copying): unknown {
    const { parts } = this;
    if (parts.isOff) return NOTHING_FOUND;
    const item = parts.engine.values.findSoon(key);
    if (item === undefined) return NOTHING_FOUND;
    const held = item.held ?? valueIn(parts, item);
    if (held === undefined) return NOTHING_FOUND;
    return deliver(parts, key, item, held, 'hit', currentView(), copying);
  }

  /** Who finds a value, or has it made, when told to ask: by whoever wants it, as each step between them takes of the stack. */
  caller(key: Keyed, producer: Producer, uses: StaleUses<ValuePolicy>, outcome: Outcome): Caller {
    return new Caller(key, producer, uses, this.parts, outcome);
  }

  /** Asks for many at once: the store is asked in one round trip. */
  async askMany(
    asked: readonly { readonly key: ValueKey; readonly producer: Producer }[],
    uses: StaleUses<ValuePolicy>,
  ): Promise<readonly unknown[]> {
    const ask = ({ key, producer }: (typeof asked)[number]): Promise<unknown> =>
      new Promise((resolve, reject) => this.caller(key, producer, uses, { resolve, reject }).ask());
    return await Promise.all(this.parts.engine.values.together(() => asked.map(ask)));
  }

  /** What is stored under these keys and fresh, in their order, in one round trip. */
  async look(
    keys: readonly ValueKey[],
    copying: Copying,
  ): Promise<readonly ({ readonly value: unknown } | undefined)[]> {
    const { isOff, sink } = this.parts;
    if (isOff) {
      for (const { text } of keys) sink.bypass(text, 'off');
      return keys.map(() => undefined);
    }
    const outer = currentView();
    const items = await this.parts.engine.values.lookUpMany(keys);
    return keys.map((key, i) => {
      const item = items[i];
      const held = item === undefined ? undefined : valueIn(this.parts, item);
      if (item !== undefined && held !== undefined) {
        const value = deliver(this.parts, key, item, held, 'hit', outer, copying);
        if (value !== NOTHING_FOUND) {
          this.parts.errors.outlive(key, item.generatedAt);
          return { value };
        }
      }
      if (this.parts.isOff) this.parts.sink.bypass(key.text, 'off');
      else this.#miss(key);
      // Whatever is made of there being nothing depends on there being nothing.
      outer?.dependOnNow(this.parts.tags, key.tags);
      return undefined;
    });
  }

  /** Counts what was asked for and is not there. Nobody knows the name that it would be counted under. */
  #miss({ text }: ValueKey): void {
    const { sink } = this.parts;
    sink.miss(text, 'uri-miss');
    sink.route(UNNAMED).misses++;
  }

  /** Writes values; each answer says what came of it. */
  async write(writes: readonly ValueWrite[], policy: ValuePolicy): Promise<readonly Written[]> {
    const { engine, errors, sink } = this.parts;
    const made = writes.map(({ value, inputs }) => {
      const context = new ViewContext();
      if (inputs !== undefined) context.keepInputs(inputs);
      return makeValue(value, policy, context, 0, this.parts);
    });
    const going = writes.flatMap(({ key, since, onlyIf = 'always', nested }, i) => {
      const { candidate, refusal, detail } = made[i] ?? {};
      errors.forget(key);
      if (candidate !== undefined && refusal === undefined)
        return [{ key, ownTag: key.ownTag, candidate: nested ? { ...candidate, nested } : candidate, since, onlyIf }];
      if (refusal === undefined) return [];
      warnUnstorable(this.parts, key, policy.route, refusal, detail);
      sink.refused(key.text, policy.route, refusal, detail, true);
      return [];
    });
    const [written] = await Promise.all([engine.values.writeMany(going), this.#drop(writes, made)]);
    const verdicts = [...written];
    return made.map(({ refusal }, i) => {
      if (refusal !== undefined) return 'unstorable';
      const verdict = verdicts.shift() ?? 'unavailable';
      const write = writes[i];
      const reason = write === undefined ? undefined : this.#refusalOf(verdict, write);
      if (write !== undefined && reason !== undefined)
        sink.refused(write.key.text, policy.route, reason, undefined, true);
      return verdict;
    });
  }

  /** Why something that could be stored was not, where its user would not know: `add` and counters say so themselves, or go on. */
  #refusalOf(verdict: Written, { onlyIf = 'always' }: ValueWrite): Refusal | undefined {
    if (verdict === 'unavailable') return this.parts.engine.storesNothing ? 'null-store' : 'store-unavailable';
    return verdict === 'refused' && onlyIf === 'always' ? 'invalidated' : undefined;
  }

  /** What was to be written in its place, and is not stored, is newer all the same than what is there. */
  async #drop(writes: readonly ValueWrite[], made: readonly MadeValue[]): Promise<void> {
    const keys = writes.flatMap(({ key, onlyIf }, i) =>
      made[i]?.refusal === undefined || onlyIf === 'unchanged' ? [] : [key],
    );
    if (keys.length === 0) return;
    this.parts.engine.values.drop(keys);
    await this.parts.purge(keys.map(({ ownTag }) => ownTag));
  }

  /** Ends what is stored under a key, unless something else is stored there since it was read. */
  async end(key: ValueKey, since: FillToken, policy: ValuePolicy): Promise<Written> {
    const { values } = this.parts.engine;
    const ended = { ...policy, lifetimeMs: 0, tags: [], jitterMs: 0, whileRevalidateMs: 0, ifErrorMs: 0 };
    this.parts.errors.forget(key);
    const { candidate } = makeValue(undefined, ended, new ViewContext(), 0, this.parts);
    const [written] = await values.writeMany([{ key, ownTag: key.ownTag, candidate, since, onlyIf: 'unchanged' }]);
    if (written === 'stored') values.drop([key]);
    return written ?? 'unavailable';
  }

  /** How long something is fresh for: in seconds, by what the store itself has; `undefined` where there is nothing. */
  async secondsLeft(key: ValueKey): Promise<number | undefined> {
    const { engine, clock, tags, isOff } = this.parts;
    if (isOff) return undefined;
    // Whoever asks goes by what is there, or is not.
    currentView()?.dependOnNow(tags, key.tags);
    const { item } = await engine.values.read(key);
    return item === undefined ? undefined : Math.max(0, item.freshUntil - clock.monotonic()) / 1000;
  }

  /** The item and the value of a key, and what was known before it was looked for. */
  async read(key: ValueKey): Promise<Reading> {
    const { item, token } = await this.parts.engine.values.read(key);
    const held = item === undefined ? undefined : valueIn(this.parts, item);
    return { token, found: item === undefined || held === undefined ? undefined : { item, held } };
  }
}

/** What was found before it is written anew. */
export interface Reading {
  readonly token: FillToken;
  readonly found: { readonly item: LocalItem; readonly held: HeldValue } | undefined;
}
