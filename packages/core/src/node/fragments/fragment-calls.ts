import { isDeepStrictEqual } from 'node:util';
import type { Duration } from '../../base/duration.js';
import { ConfigError } from '../../base/errors.js';
import { warnOnce } from '../../base/process-warning.js';
import { needFunction } from '../../config/check.js';
import { currentView, leaveView } from '../../engine/view-storage.js';
import type { ValuePolicy } from '../../values/value-policy.js';
import { audienceOf } from './fragment-audience.js';
import {
  type FragmentOptions,
  type ListedFragment,
  type ReadFragment,
  readFragment,
  readListed,
} from './fragment-options.js';
import { type FragmentRequest, requestOf, type TemplatePlace } from './fragment-request.js';
import { type FragmentRun, runOf } from './fragment-run.js';
import type { FragmentsHome } from './fragments-home.js';
import { renderedText } from './rendered-text.js';
import { callIdiom, type TemplateIdiom } from './template-idiom.js';
import { Turns } from './turns.js';

/** What templates are given to keep a part of a page. */
export interface FragmentCache {
  /**
   * The html of a part of a page: what is stored of it, or what `render` makes; once for all who ask at the same time.
   *
   * @param name - tells it from the other fragments of the app
   * @param options - a ttl (seconds, or `'5m'`), or an object with `ttl`, `tags`, `vary`, and whom it is for: `visitor: user.id`, or
   * `shared: true`. With neither it is stored for nobody but those of whom nobody is known.
   * @param render - returns the html, or a promise of it; what it throws is thrown, and nothing is stored
   * @throws {@link ConfigError} (by rejection) for a wrong setting
   *
   * @example
   * ```ejs
   * <%- await cache('sidebar', { ttl: '5m', tags: 'cities', shared: true }, () => include('sidebar')) %>
   * ```
   */
  (name: string, options: Duration | FragmentOptions, render: () => unknown): Promise<string>;
  /**
   * The html of many parts, one after another: what is stored is asked for in one round trip, and the rest is rendered.
   *
   * @param describe - says of each item what it is called, by which `key` it is told from the others, and how it is kept
   * @param render - returns the html of one item, or a promise of it; one is rendered after the other
   * @throws {@link ConfigError} (by rejection) for a wrong setting
   *
   * @example
   * ```ejs
   * <%- await cache.each(cities, (city) => ({ name: 'city', key: city.id, shared: true }), (city) => include('city', { city })) %>
   * ```
   */
  each<T>(
    items: Iterable<T>,
    describe: (item: T, index: number) => ListedFragment,
    render: (item: T, index: number) => unknown,
  ): Promise<string>;
}

/** One fragment that is asked for. */
export interface Asked {
  readonly run: FragmentRun;
  readonly policy: ValuePolicy;
}

/**
 * The function for templates of a request.
 *
 * @param request - `undefined` where there is none, such as for a mail: then all is rendered, and nothing stored
 * @param place - where the engine has its templates
 */
export function fragmentCache(
  request: FragmentRequest | undefined,
  idiom: TemplateIdiom = callIdiom('cache.each', 'await cache(…)'),
  place?: TemplatePlace,
): FragmentCache {
  const ask = async (name: string, options: Duration | FragmentOptions, render: () => unknown): Promise<string> => {
    const read = readFragment(idiom, name, options);
    needFunction('cache.render', render, 'a function that returns html, or a promise of it');
    return await askOne(request, read, String(render), render, place);
  };
  const each: FragmentCache['each'] = async (items, describe, render) => {
    needFunction('cache.each.describe', describe, 'a function of an item that returns its name, key and options');
    needFunction('cache.each.render', render, 'a function of an item that returns html, or a promise of it');
    const all = listOf('cache.each', items);
    const read = all.map((item, i) => readListed(idiom, describe(item, i)));
    return (
      await askMany(
        request,
        read.map((options, i) => ({ options, item: all[i], render: () => render(all[i] as never, i) })),
        String(render),
        place,
      )
    ).join('');
  };
  const waitedFor: FragmentCache['each'] = (items, describe, render) => awaited(each(items, describe, render), idiom);
  return Object.assign((...given: Parameters<typeof ask>) => awaited(ask(...given), idiom), { each: waitedFor });
}

/** Written by a template that does not wait for it, it would be `[object Promise]` in the page, and nobody would be told. */
function awaited(html: Promise<string>, idiom: TemplateIdiom): Promise<string> {
  // Nor may an error that nobody waits for end the process.
  html.catch(() => {});
  return Object.defineProperty(html, 'toString', {
    value() {
      throw new TypeError(`a template writes what cache() returns without waiting for it; use await: ${idiom.awaited}`);
    },
  });
}

/** The html of one fragment. */
export async function askOne(
  request: FragmentRequest | undefined,
  options: ReadFragment,
  source: string,
  render: () => unknown,
  place?: TemplatePlace,
): Promise<string> {
  const [html = ''] = await askMany(request, [{ options, render }], source, place);
  return html;
}

/** One of many. */
export interface ToRender {
  readonly options: ReadFragment;
  /** That of a list which it is rendered for. */
  readonly item?: unknown;
  readonly render: () => unknown;
}

/**
 * The html of many fragments, in their order: asked for in one round trip, and what is not there rendered one after the other,
 * as engines may write into one buffer.
 */
export async function askMany(
  request: FragmentRequest | undefined,
  all: readonly ToRender[],
  source: string,
  place?: TemplatePlace,
): Promise<readonly string[]> {
  const turns = new Turns();
  if (request === undefined) {
    const [first] = all;
    if (first !== undefined) warnUnbound(first.options.name);
    return await Promise.all(all.map(({ render }) => turns.run(async () => renderedText(await render()))));
  }
  const { home, runtime } = request;
  const asked = all.map(({ options, render }): Asked => {
    const audience = audienceOf(request, options);
    // What is not stored has no key that anybody could wait for.
    const waiting = audience.kind === 'unsaid' ? undefined : home.waiting;
    const make = all.length === 1 ? render : () => turns.run(render, waiting);
    const run = runOf(request, options, audience, source, make, place);
    return { run, policy: home.policyOf(options) };
  });
  warnOfSameKeys(home, asked, all);
  const ask = ({ run, policy }: Asked): unknown => {
    run.tellOuter();
    if (!run.isStorable) return run.makeApart();
    const turn = home.waiting.get(run.key.text);
    if (turn?.isHeldUpBy(currentView()) === true) {
      if (all.length === 1) turn.begin();
      else turns.give(turn);
    }
    return new Promise((resolve, reject) => {
      const { values } = runtime;
      values.caller(run.key, run.make, values.uses(policy), { resolve, reject }).ask();
    });
  };
  const { values } = runtime.engine;
  const [one] = asked;
  const found = request.within(() =>
    asked.length === 1 && one !== undefined ? [ask(one)] : values.together(() => asked.map(ask)),
  );
  const html = (await Promise.all(found)) as string[];
  // What a list has more than once, it has under one key, and says so.
  return one !== undefined && asked.length === 1 ? [await one.run.compared(html[0] ?? '')] : html;
}

/** Says, where somebody develops, that items of a list which are not the same stand under one key: all show the first of them. */
function warnOfSameKeys(home: FragmentsHome, asked: readonly Asked[], all: readonly ToRender[]): void {
  const items = new Map<string, unknown>();
  for (const [i, { run }] of asked.entries()) {
    const { item, options } = all[i] as ToRender;
    if (!run.isStorable || !home.asksOfRepeats(options.name)) continue;
    const { text } = run.key;
    if (!items.has(text)) items.set(text, item);
    else if (!isSame(items.get(text), item)) home.warnOfSameKey(options);
  }
}

/** A row that was read twice is the same one. */
function isSame(one: unknown, other: unknown): boolean {
  try {
    return one === other || leaveView(() => isDeepStrictEqual(one, other));
  } catch {
    // Something in it cannot be read: that is the template's to find.
    return true;
  }
}

/** Says that something is rendered where nothing is known of a request. */
export function warnUnbound(name: string): void {
  warnOnce(
    `a template asks for the fragment ${name}, and fragments() is not mounted in front: it was rendered, and not stored`,
  );
}

/**
 * What a list is asked for of.
 *
 * @throws {@link ConfigError} for what cannot be gone through, and for a text, which nobody means
 */
export function listOf<T>(call: string, items: Iterable<T>): readonly T[] {
  if (
    typeof (items as Partial<Iterable<T>> | null | undefined)?.[Symbol.iterator] !== 'function' ||
    typeof items === 'string'
  )
    throw new ConfigError(`${call}.items`, items, 'a list, or anything else that can be gone through');
  return [...items];
}

/**
 * What templates are given as `cache`, for what is rendered by no engine that has an adapter: html that is made of template
 * literals, of components.
 *
 * @param res - the response that it is rendered for, behind {@link fragments}
 *
 * @example
 * ```ts
 * app.get('/', async (req, res) => {
 *   const cache = fragmentsOf(res);
 *   res.send(page(await cache('sidebar', { ttl: '5m', shared: true }, () => sidebar())));
 * });
 * ```
 */
export function fragmentsOf(res: object): FragmentCache {
  return fragmentCache(requestOf(res));
}
