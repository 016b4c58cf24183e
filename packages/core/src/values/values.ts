import type { Keyed } from '../engine/keyed.js';
import type { Candidate } from '../engine/lead.js';
import { StaleMemory, StaleUses } from '../engine/stale-uses.js';
import type { FillToken, Write, Written } from '../engine/value-access.js';
import { currentView } from '../engine/view-context.js';
import { Caller, type Outcome, type Producer } from './caller.js';
import { deliver } from './delivery.js';
import type { ValueKey } from './value-key.js';
import { type ValueParts, valueIn } from './value-parts.js';
import type { Copying, ValuePolicy } from './value-policy.js';

/** Values by key: found, made by producers, written and counted up. Everything but reading options. */
export class Values {
  readonly parts: ValueParts;
  readonly #memory = new StaleMemory();

  constructor(parts: ValueParts) {
    this.parts = parts;
  }

  /** What the last calls of a policy have to tell the next ones. */
  uses(policy: ValuePolicy): StaleUses<ValuePolicy> {
    return new StaleUses(policy, this.#memory);
  }

  /** Answers from memory, if it can be done at once and without another thought. */
  find(key: Keyed, copying: Copying): { readonly value: unknown } | undefined {
    const item = this.parts.engine.values.find(key);
    const held = item === undefined ? undefined : valueIn(this.parts, item);
    if (item === undefined || held === undefined) return undefined;
    return { value: deliver(this.parts, key, item, held, 'hit', currentView(), copying) };
  }

  /** Finds a value or has it made. */
  ask(key: Keyed, producer: Producer, uses: StaleUses<ValuePolicy>, outcome: Outcome): void {
    new Caller(key, producer, uses, this.parts, outcome).ask();
  }
}
