import { currentView, leaveView } from '../../engine/view-storage.js';
import { runApart } from '../../values/apart-run.js';
import type { Outcome } from '../../values/caller.js';
import { NOTHING_FOUND } from '../../values/delivery.js';
import type { ValuePolicy } from '../../values/value-policy.js';
import type { Values } from '../../values/values.js';
import { audienceOf } from './fragment-audience.js';
import { warnUnbound } from './fragment-calls.js';
import type { ReadFragment } from './fragment-options.js';
import type { FragmentRequest, TemplatePlace } from './fragment-request.js';
import { type FragmentRun, runOf } from './fragment-run.js';
import { renderedText } from './rendered-text.js';

/**
 * The html of one fragment, for an engine that cannot wait: from memory, or else rendered at once. A shared store hears of it
 * behind the answer, and what it has comes into memory for those who ask next.
 */
export function askNow(
  request: FragmentRequest | undefined,
  options: ReadFragment,
  source: string,
  render: () => unknown,
  place?: TemplatePlace,
): string {
  if (request === undefined) {
    warnUnbound(options.name);
    return renderedText(render());
  }
  const run = runOf(request, options, audienceOf(request, options), source, render, place);
  const policy = request.home.policyOf(options);
  const { values, engine } = request.runtime;
  return request.within(() => {
    run.tellOuter();
    if (!run.isStorable) return run.makeApart() as string;
    const found = values.find(run.key, false);
    if (found !== NOTHING_FOUND) return run.compared(found as string) as string;
    if (!engine.values.answersFromMemory) request.home.warnOfNoMemory();
    return engine.isShared ? makeForLater(values, run, policy) : makeHere(values, run, policy);
  });
}

/** Where memory is the only store, whoever asks is told before he goes on. */
function makeHere(values: Values, run: FragmentRun, policy: ValuePolicy): string {
  const outcome = new OutcomeNow();
  values.caller(run.key, run.make, values.uses(policy), outcome).ask();
  // Somebody else is making it, and waits for something.
  return outcome.state === 'open' ? (run.makeApart() as string) : (run.compared(outcome.taken()) as string);
}

/** Rendered for this request, and offered to the store when that is done. */
function makeForLater(values: Values, run: FragmentRun, policy: ValuePolicy): string {
  const outcome = new OutcomeNow();
  const { context } = runApart({
    key: run.key,
    producer: run.make,
    uses: values.uses(policy),
    parts: values.parts,
    outer: currentView(),
    hearer: currentView()?.hearer,
    isRefresh: false,
    isNow: true,
    isSettled: false,
    resolve: (html) => outcome.resolve(html),
    reject: (error) => outcome.reject(error),
  });
  const html = outcome.taken();
  const offer = (): string => {
    currentView()?.takeOver(context);
    return html;
  };
  leaveView(() => values.caller(run.key, offer, values.uses(policy), NOBODY).ask());
  return html;
}

const NOBODY: Outcome = { resolve() {}, reject() {} };

/** Is told before anything else happens, or never. */
class OutcomeNow implements Outcome {
  readonly isNow = true;
  state: 'open' | 'resolved' | 'rejected' = 'open';
  #value: unknown;

  resolve(value: unknown): void {
    this.state = 'resolved';
    this.#value = value;
  }

  reject(error: unknown): void {
    this.state = 'rejected';
    this.#value = error;
  }

  /** @throws what was thrown */
  taken(): string {
    if (this.state === 'rejected') throw this.#value;
    return this.#value as string;
  }
}
