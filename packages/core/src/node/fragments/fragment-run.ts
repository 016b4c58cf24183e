import { isThenable } from '../../base/answer.js';
import type { Keyed } from '../../engine/keyed.js';
import type { ViewContext } from '../../engine/view-context.js';
import { currentView } from '../../engine/view-storage.js';
import { expandTag } from '../../invalidation/tags.js';
import { ROOT, spaceIn, ValueKey } from '../../values/value-key.js';
import type { ReadFragment } from './fragment-options.js';
import type { FragmentRequest, TemplatePlace } from './fragment-request.js';
import { varyText } from './fragment-vary.js';
import { renderedText } from './rendered-text.js';
import { isExposed, isNamed } from './shown-inputs.js';

/** One fragment of one request, to be found or to be rendered. */
export class FragmentRun {
  readonly key: Keyed;
  readonly options: ReadFragment;
  readonly #request: FragmentRequest;
  readonly #render: () => unknown;

  constructor(request: FragmentRequest, key: Keyed, options: ReadFragment, render: () => unknown) {
    this.#request = request;
    this.key = key;
    this.options = options;
    this.#render = render;
  }

  /** Renders it, and looks at what went into it: to be run as a producer. */
  readonly make = (): string | Promise<string> => {
    const context = currentView();
    const rendered = this.#render();
    const done = (html: unknown): string => {
      const text = renderedText(html);
      if (context !== undefined) this.#judge(context, text);
      return text;
    };
    return isThenable(rendered) ? Promise.resolve(rendered).then(done) : done(rendered);
  };

  /** Renders it for this request alone. */
  readonly makeApart = (): string | Promise<string> => {
    const rendered = this.#render();
    return isThenable(rendered) ? Promise.resolve(rendered).then(renderedText) : renderedText(rendered);
  };

  #judge(context: ViewContext, html: string): void {
    const { runtime, token, moment } = this.#request;
    const tags = [...this.key.tags, ...[...this.options.tags, ...context.tags].flatMap(expandTag)];
    // What the template was given may have been read before that.
    if (!runtime.tags.admits(tags, token)) context.refuseRead('older-snapshot', moment);
    const input = this.#uncovered(context, html);
    if (input !== undefined) context.selectedBy ??= input;
  }

  /** The first input that has gone into it, and is not in its key. */
  #uncovered(context: ViewContext, html: string): string | undefined {
    const { home, inputs } = this.#request;
    const { ignore } = home.settings;
    const read = context.inputs?.find((input) => !ignore.has(input) && !this.#isNamed(input));
    if (read !== undefined) return read;
    return inputs.find(
      ([input, value]) => !ignore.has(input) && isExposed(html, nameIn(input), value, this.options.vary),
    )?.[0];
  }

  #isNamed(input: string): boolean {
    return this.#request.knows(input) && isNamed(nameIn(input), this.#request.valueOf(input), this.options.vary);
  }
}

/** `user` of `req.user`, of `res.locals.user` and of `local user`. */
function nameIn(input: string): string {
  return input.slice(Math.max(input.lastIndexOf('.'), input.lastIndexOf(' ')) + 1);
}

/** The namespace of all fragments: `invalidate({ keys: 'fragments:sidebar:*' })` names those of one name. */
const SPACE = spaceIn(ROOT, 'fragments');

/**
 * A fragment of a request, to be found or rendered.
 *
 * @param source - what in a template makes it
 * @param place - where its engine has its templates; as Express says, where nobody else does
 */
export function runOf(
  request: FragmentRequest,
  options: ReadFragment,
  source: string,
  render: () => unknown,
  place?: TemplatePlace,
): FragmentRun {
  const digest = request.home.digestOf(request.sourcesOf(place), source);
  const who = request.isKnown ? 'known' : 'anyone';
  const text = `${options.name}:${digest}:${who}:${varyText(options.vary)}`;
  return new FragmentRun(request, new ValueKey(SPACE, text, undefined), options, render);
}
