import { isThenable } from '../../base/answer.js';
import type { Keyed } from '../../engine/keyed.js';
import type { ViewContext } from '../../engine/view-context.js';
import { currentView, leaveView } from '../../engine/view-storage.js';
import { expandTag } from '../../invalidation/tags.js';
import { ROOT, spaceIn, ValueKey } from '../../values/value-key.js';
import { OF_NOBODY, OF_NOBODY_ALONE, OF_VISITORS, VISITOR } from '../inputs.js';
import { type Audience, NOT_SAID } from './fragment-audience.js';
import type { ReadFragment } from './fragment-options.js';
import type { FragmentRequest, TemplatePlace } from './fragment-request.js';
import { varyText } from './fragment-vary.js';
import { renderedText, whyNoHtml } from './rendered-text.js';
import { isExposed } from './shown-inputs.js';

/** The runs that make a fragment, and look at what went into it. */
const ofFragments = new WeakSet<ViewContext>();

/** One fragment of one request, to be found or to be rendered. */
export class FragmentRun {
  readonly key: Keyed;
  readonly options: ReadFragment;
  readonly #request: FragmentRequest;
  readonly #audience: Audience;
  readonly #render: () => unknown;
  #isMade = false;

  constructor(request: FragmentRequest, key: Keyed, options: ReadFragment, audience: Audience, render: () => unknown) {
    this.#request = request;
    this.key = key;
    this.options = options;
    this.#audience = audience;
    this.#render = render;
  }

  /** It may be looked up, stored, and made for others as well. */
  get isStorable(): boolean {
    return this.#audience.kind !== 'unsaid';
  }

  /** Renders it, and looks at what went into it: to be run as a producer. */
  readonly make = (): string | Promise<string> => {
    const context = currentView();
    this.#isMade = true;
    if (context !== undefined) {
      ofFragments.add(context);
      // A page that finds it would be taken for everybody's, whatever it says of there being nobody.
      if (this.#audience.kind === 'nobody' && context.hearer === undefined) context.keepInputs([OF_NOBODY_ALONE]);
    }
    const done = (html: unknown): string => {
      const text = renderedText(html);
      if (context !== undefined) this.#judge(context, html, text);
      this.#note(context, text);
      return text;
    };
    const failed = (error: unknown): never => {
      if (context !== undefined) this.#judgeError(context);
      throw error;
    };
    let rendered: unknown;
    try {
      rendered = this.#render();
    } catch (error) {
      return failed(error);
    }
    return isThenable(rendered) ? Promise.resolve(rendered).then(done, failed) : done(rendered);
  };

  /** Renders it for this request alone. */
  readonly makeApart = (): string | Promise<string> => {
    const rendered = this.#render();
    return isThenable(rendered) ? Promise.resolve(rendered).then(renderedText) : renderedText(rendered);
  };

  /**
   * Looks, where somebody develops, whether html that was found is what would be rendered now, if this request has rendered it
   * before: else a loop shows its first item for each. With what another request has rendered it is not compared, as that may
   * well be older.
   *
   * @returns the html, as it was found
   * @throws what rendering throws: no other part of the template can be trusted to go on after that
   */
  compared(html: string): string | Promise<string> {
    const { home, made } = this.#request;
    const before = this.#isMade ? undefined : made?.get(this.key.text);
    if (before === undefined || !home.asksOfRepeats(this.options.name)) return html;
    const tell = (now: string): string => {
      if (now !== before) home.warnOfRepeat(this.options);
      return html;
    };
    // Apart, as nothing that it reads goes into anything.
    const now = leaveView(this.makeApart);
    return typeof now === 'string' ? tell(now) : now.then(tell);
  }

  /** Tells what is being made around it whom it is for: to be called wherever it is asked for. */
  tellOuter(): void {
    const { kind } = this.#audience;
    const view = currentView();
    if (view === undefined || kind === 'all') return;
    for (let run: ViewContext | undefined = view; run?.isProducer === true; run = run.outer)
      // A value has no variants, and says of nobody whom it is for.
      if (!ofFragments.has(run)) run.selectedBy ??= VISITOR;
      else if (kind !== 'visitor') run.keepInputs([kind === 'unsaid' ? NOT_SAID : OF_NOBODY]);
    if (kind === 'nobody') {
      if (this.options.saysVisitor) view.readBy([OF_NOBODY_ALONE], this.key.text);
      return;
    }
    if (this.#audience.kind === 'visitor') view.readBy([this.#audience.input], this.key.text);
    else {
      // A page around it hears of what it reads, as it runs in there; and is invalidated as if it had been stored.
      view.dependsOn(...this.options.tags);
      view.dependOnNow(this.#request.runtime.tags, this.key.tags);
    }
  }

  #judge(context: ViewContext, html: unknown, text: string): void {
    const { runtime, token, moment } = this.#request;
    const tags = [...this.key.tags, ...[...this.options.tags, ...context.tags].flatMap(expandTag)];
    // What the template was given may have been read before that.
    if (!runtime.tags.admits(tags, token)) context.refuseRead('older-snapshot', moment);
    // What it has written is where the template stands, and would be missing on each hit.
    const input = whyNoHtml(html, text) ?? this.#uncovered(context, text);
    if (input !== undefined) context.selectedBy ??= input;
  }

  /** Notes what was rendered, and tells where it is not what this request has rendered of it before: one of them is stored. */
  #note(context: ViewContext | undefined, text: string): void {
    const { home, made } = this.#request;
    const before = made?.get(this.key.text);
    made?.set(this.key.text, text);
    if (before === undefined || before === text || context?.refusal !== undefined || context?.isSelected) return;
    const lifetimeMs = context?.lifetimeMs ?? home.policyOf(this.options).lifetimeMs;
    if (lifetimeMs !== 0) home.warnOfRepeat(this.options);
  }

  /** What was thrown may say of one visitor what the others are not to know: of one who is named he alone is told. */
  #judgeError(context: ViewContext): void {
    const { kind } = this.#audience;
    const input = kind === 'all' ? 'an error' : this.#uncovered(context, '');
    if (input !== undefined) context.selectedBy ??= input;
  }

  /** The first input that has gone into it, and is another one's than those it is for. */
  #uncovered(context: ViewContext, text: string): string | undefined {
    const audience = this.#audience;
    const { home, inputs } = this.#request;
    const { ignore } = home.settings;
    const read = context.inputs ?? [];
    const ofVisitor = read.find((input) => input.startsWith(OF_VISITORS) && !this.#isFor(input));
    if (ofVisitor !== undefined) return VISITOR;
    if (audience.kind === 'visitor') return undefined;
    // A login may have come while it was rendered.
    if (audience.kind === 'nobody' && this.#request.mayBeKnown) return 'somebody who may be known by now';
    return (
      read.find((input) => !ignore.has(input) && !OF_ALL_NOBODIES.has(input)) ??
      inputs.find(([input, value]) => !ignore.has(input) && isExposed(text, nameIn(input), value))?.[0]
    );
  }

  /** Whether what is for the visitor of a fragment within it may be in it. */
  #isFor(input: string): boolean {
    // Who says the same of himself may be known the next time.
    if (OF_ALL_NOBODIES.has(input)) return this.#audience.kind === 'nobody';
    return this.#audience.kind === 'visitor' && (input === this.#audience.input || input === NOT_SAID);
  }
}

const OF_ALL_NOBODIES: ReadonlySet<string> = new Set([OF_NOBODY, OF_NOBODY_ALONE]);

/** `user` of `req.user`, of `res.locals.user` and of `local user`. */
function nameIn(input: string): string {
  return input.slice(Math.max(input.lastIndexOf('.'), input.lastIndexOf(' ')) + 1);
}

/** The namespace of all fragments: `invalidate({ keys: 'fragments:sidebar:*' })` names those of one name. */
const SPACE = spaceIn(ROOT, 'fragments');

/**
 * A fragment of a request, to be found or rendered.
 *
 * @param audience - whom it is for
 * @param source - what in a template makes it
 * @param place - where its engine has its templates; as Express says, where nobody else does
 */
export function runOf(
  request: FragmentRequest,
  options: ReadFragment,
  audience: Audience,
  source: string,
  render: () => unknown,
  place?: TemplatePlace,
): FragmentRun {
  const digest = request.home.digestOf(request.sourcesOf(place), source);
  const { origin } = request;
  // Behind the name, by which all of them are invalidated.
  const text = `${options.name}:${origin === '' ? '' : `${origin}:`}${digest}:${audience.text}:${varyText(options.vary)}`;
  return new FragmentRun(request, new ValueKey(SPACE, text, undefined), options, audience, render);
}
