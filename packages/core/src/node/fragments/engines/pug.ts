import { ConfigError } from '../../../base/errors.js';
import type { Fields } from '../../inputs.js';
import { askNow } from '../ask-now.js';
import { readFragment } from '../fragment-options.js';
import { callIdiom } from '../template-idiom.js';
import { type ExpressEngine, expressEngine } from './express-engine.js';
import { PUG_FRAGMENT, pugPlugin } from './pug-plugin.js';

/** The package `pug`, as far as it is asked for anything. */
export interface PugLike {
  compileFile(path: string, options: object): (locals: object) => string;
}

/** What of what a template is given is an option of Pug, as with its own engine for Express. */
const OPTIONS = ['basedir', 'pretty', 'doctype', 'filters', 'self', 'debug', 'compileDebug', 'globals'] as const;

/**
 * Pug as an engine for Express whose templates have the mixin `+cache('name', { ttl: 60 })`, which keeps its block. Pug cannot
 * wait: a fragment is found in memory, or rendered at once.
 *
 * @param pug - the package, as the app imports it
 * @throws {@link ConfigError} at once for anything else
 *
 * @example
 * ```ts
 * import pug from 'pug';
 *
 * app.engine('pug', pugFragments(pug));
 * ```
 */
export function pugFragments(pug: PugLike): ExpressEngine {
  if (typeof pug?.compileFile !== 'function')
    throw new ConfigError('pugFragments', pug, "the package: import pug from 'pug'");
  const idiom = callIdiom();
  const compiled = new Map<string, (locals: object) => string>();
  return expressEngine(({ path, locals, request, place }) => {
    const template = compiled.get(path) ?? pug.compileFile(path, optionsIn(locals, place.roots));
    if (place.isFixed) compiled.set(path, template);
    const fragment = (source: string, name: unknown, options: unknown, render: () => string): string =>
      askNow(request, readFragment(idiom, name, options), source, render, place);
    return template({ ...locals, [PUG_FRAGMENT]: fragment });
  }, idiom);
}

function optionsIn(locals: Fields, roots: readonly string[]): object {
  const given = OPTIONS.filter((name) => locals[name] !== undefined).map((name) => [name, locals[name]]);
  const options = Object.fromEntries(given) as { readonly self?: unknown };
  return { ...options, plugins: [pugPlugin(options.self === true, roots)] };
}
