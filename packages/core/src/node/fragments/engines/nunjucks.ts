import { ConfigError } from '../../../base/errors.js';
import type { Fields } from '../../inputs.js';
import { requestOf, type TemplatePlace } from '../fragment-request.js';
import { NunjucksExtension } from './nunjucks-extension.js';
import { type NunjucksTemplate, NunjucksWaits } from './nunjucks-waits.js';

/** An `Environment` of Nunjucks, as far as it is asked for anything. */
export interface NunjucksLike {
  readonly loaders?: readonly object[];
  render(name: string, context?: object, callback?: (error: unknown, rendered: string | null) => void): string | null;
  getTemplate(name: string): unknown;
  addExtension(name: string, extension: object): unknown;
  getFilter(name: string): (...args: never[]) => unknown;
}

const NAME = 'viewcacheFragments';

/**
 * Gives the templates of Nunjucks the tags `{% cache 'name', ttl=60 %} … {% endcache %}` and
 * `{% cacheeach item in items, 'name', key=item.id %} … {% endcacheeach %}`.
 *
 * @param environment - what `nunjucks.configure(views, { express: app })` returns
 * @returns the same
 * @throws {@link ConfigError} at once for anything else
 *
 * @example
 * ```ts
 * import nunjucks from 'nunjucks';
 *
 * nunjucksFragments(nunjucks.configure('views', { express: app, autoescape: true }));
 * ```
 */
export function nunjucksFragments<E extends NunjucksLike>(environment: E): E {
  if (typeof environment?.addExtension !== 'function' || typeof environment.render !== 'function')
    throw new ConfigError(
      'nunjucksFragments',
      environment,
      'an environment: nunjucksFragments(nunjucks.configure(views, { express: app }))',
    );
  const safe = environment.getFilter('safe') as (html: string) => unknown;
  const waits = new NunjucksWaits();
  environment.addExtension(NAME, new NunjucksExtension(NAME, safe, () => placeIn(environment), waits));
  watchTemplates(environment, waits);
  const { render } = environment;
  environment.render = function (this: NunjucksLike, name, context, callback) {
    const request = typeof context === 'object' ? requestOf(context) : undefined;
    const html = render.call(this, name, request === undefined ? context : request.watch(context as Fields), callback);
    if (html === null && callback === undefined && typeof context !== 'function')
      throw new TypeError(`${name} has fragments, which take their time: give render() a function to be told`);
    return html;
  };
  return environment;
}

/** Each template that is rendered, included or extended is asked for in one way, and handed to a function or returned. */
function watchTemplates(environment: NunjucksLike, waits: NunjucksWaits): void {
  const getTemplate = environment.getTemplate as (...args: unknown[]) => unknown;
  const watched = (template: unknown): unknown => {
    if (typeof template === 'object' && template !== null) waits.watch(template as NunjucksTemplate);
    return template;
  };
  environment.getTemplate = function (this: NunjucksLike, ...args: unknown[]) {
    const given = args.map((arg) =>
      typeof arg !== 'function' ? arg : (error: unknown, template: unknown) => void arg(error, watched(template)),
    );
    return watched(getTemplate.apply(this, given));
  };
}

/** Nunjucks keeps what it has read unless a loader says otherwise, whatever Express says. */
function placeIn({ loaders = [] }: NunjucksLike): TemplatePlace {
  const roots: string[] = [];
  let isFixed = true;
  for (const loader of loaders as readonly { searchPaths?: unknown; noCache?: unknown }[]) {
    if (Array.isArray(loader.searchPaths)) roots.push(...loader.searchPaths.filter((it) => typeof it === 'string'));
    if (loader.noCache === true) isFixed = false;
  }
  return { roots, isFixed };
}
