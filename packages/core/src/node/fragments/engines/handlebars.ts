import { ConfigError } from '../../../base/errors.js';
import { checkNoMore, needFunction } from '../../../config/check.js';
import type { Fields } from '../../inputs.js';
import { askNow } from '../ask-now.js';
import { readFragment } from '../fragment-options.js';
import { placeOf, requestOf } from '../fragment-request.js';
import { handlebarsIdiom } from '../template-idiom.js';
import { textDigest } from '../text-digest.js';
import type { ExpressEngine } from './express-engine.js';

/** The package `handlebars`, as far as it is asked for anything. */
export interface HandlebarsLike {
  registerHelper(name: string, helper: (...args: unknown[]) => unknown): void;
  /** What compiles a template reads it by this; absent where templates are only run. */
  parse?(template: string, options?: object): unknown;
}

/** What Handlebars hands to a helper behind its arguments. */
interface HelperOptions {
  readonly hash: Fields;
  readonly data?: { readonly root?: Fields };
  readonly loc?: { readonly source?: string; readonly start?: { readonly line: number; readonly column: number } };
  fn?(context: unknown): string;
}

/**
 * An engine for Handlebars whose templates have `{{#cache "name" ttl=60}} … {{/cache}}`. Handlebars cannot wait: a fragment is
 * found in memory, or rendered at once.
 *
 * @param handlebars - the package, or the instance that the engine uses: it is given the helper `cache`
 * @param engine - what `app.engine()` would be given without this, such as `engine()` of express-handlebars
 * @throws {@link ConfigError} at once for anything else
 *
 * @example
 * ```ts
 * import { engine } from 'express-handlebars';
 * import Handlebars from 'handlebars';
 *
 * app.engine('handlebars', handlebarsFragments(Handlebars, engine({ handlebars: Handlebars })));
 * ```
 */
export function handlebarsFragments(handlebars: HandlebarsLike, engine: ExpressEngine): ExpressEngine {
  if (typeof handlebars?.registerHelper !== 'function')
    throw new ConfigError('handlebarsFragments', handlebars, "the package: import Handlebars from 'handlebars'");
  needFunction('handlebarsFragments.engine', engine, 'an engine for Express, such as engine() of express-handlebars');
  handlebars.registerHelper('cache', cacheHelper);
  nameTemplates(handlebars);
  return (path, options, callback) => {
    const request = requestOf(options);
    const told: typeof callback = (error, html) => callback(explained(error), html);
    engine(path, request === undefined ? options : request.watch(options as Fields), told);
  };
}

const named = new WeakSet<object>();

/**
 * Has what is read of a template say which one that was, by its text: a helper is told the line it stands in alone, and two
 * templates begin alike.
 */
function nameTemplates(handlebars: HandlebarsLike): void {
  const { parse } = handlebars;
  if (typeof parse !== 'function' || named.has(handlebars)) return;
  const withName = (template: string, options?: { readonly srcName?: string }): unknown => {
    // What was read already is handed on as it is.
    if (typeof template !== 'string') return parse.call(handlebars, template, options);
    return parse.call(handlebars, template, { ...options, srcName: options?.srcName ?? textDigest(template) });
  };
  // A namespace of modules cannot be written to: its templates are told apart by name and place.
  if (Reflect.set(handlebars, 'parse', withName)) named.add(handlebars);
}

/** The same, with what to do about it where it was made of something that this adapter's user has left out. */
function explained(error: unknown): unknown {
  if (error instanceof Error && error.message === 'Missing helper: "cache"')
    error.message += `: handlebarsFragments() has put it into another Handlebars than the one that the engine renders with; give both the same: engine({ handlebars: Handlebars })`;
  return error;
}

function cacheHelper(this: unknown, ...args: unknown[]): string {
  const { hash, data, loc, fn } = args.pop() as HelperOptions;
  const [name, ttl, ...more] = args;
  checkNoMore('cache', more, 'a name and a ttl in front of what is given by name: tags=…, vary=…');
  const read = readFragment(handlebarsIdiom, name, ttl === undefined ? { ...hash } : { ttl, ...hash });
  if (fn === undefined) throw new ConfigError('cache', name, 'a block: {{#cache "name"}} … {{/cache}}');
  const { line, column } = loc?.start ?? { line: 0, column: 0 };
  const source = `handlebars ${loc?.source ?? ''} ${line}:${column}`;
  const request = requestOf(data?.root);
  const place = placeOf(request?.settings ?? data?.root?.['settings']);
  return askNow(request, read, source, () => fn(this), place);
}
