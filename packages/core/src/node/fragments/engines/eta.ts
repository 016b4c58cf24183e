import { relative } from 'node:path';
import { ConfigError } from '../../../base/errors.js';
import { callIdiom } from '../template-idiom.js';
import { type ExpressEngine, expressEngine } from './express-engine.js';

/** An instance of `Eta`, as far as it is asked for anything. */
export interface EtaLike {
  readonly config: { readonly views?: string | undefined; readonly cache?: boolean | undefined };
  renderAsync(template: string, data: object): Promise<string>;
}

/**
 * Eta as an engine for Express whose templates have `it.cache`, and may wait.
 *
 * @param eta - an instance with `views`: the folder that Express has, too
 * @throws {@link ConfigError} at once for anything else
 *
 * @example
 * ```ts
 * import { Eta } from 'eta';
 *
 * const views = join(import.meta.dirname, 'views');
 * app.set('views', views);
 * app.engine('eta', etaFragments(new Eta({ views, cache: true })));
 * ```
 */
export function etaFragments(eta: EtaLike): ExpressEngine {
  const views = eta?.config?.views;
  if (typeof eta?.renderAsync !== 'function' || typeof views !== 'string')
    throw new ConfigError('etaFragments', eta, 'an instance of Eta that says where its views are: new Eta({ views })');
  return expressEngine(
    async ({ path, locals, cache }) => await eta.renderAsync(relative(views, path), { ...locals, cache }),
    callIdiom('it.cache.each', '<%~ await it.cache(…) %>'),
    () => ({ roots: [views], isFixed: eta.config.cache === true }),
  );
}
