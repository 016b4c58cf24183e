import { basename } from 'node:path';
import { ConfigError } from '../../../base/errors.js';
import { warnOnce } from '../../../base/process-warning.js';
import { callIdiom } from '../template-idiom.js';
import { type ExpressEngine, expressEngine } from './express-engine.js';

/** The package `ejs`, as far as it is asked for anything. */
export interface EjsLike {
  renderFile(path: string, data: object, options: object): Promise<string>;
}

/**
 * EJS as an engine for Express whose templates have `cache`, and may wait: they are compiled with `async: true`, so that
 * `include` returns a promise in them.
 *
 * @param ejs - the package, as the app imports it
 * @throws {@link ConfigError} at once for anything else
 *
 * @example
 * ```ts
 * import ejs from 'ejs';
 *
 * app.engine('ejs', ejsFragments(ejs));
 * ```
 */
export function ejsFragments(ejs: EjsLike): ExpressEngine {
  if (typeof ejs?.renderFile !== 'function')
    throw new ConfigError('ejsFragments', ejs, "the package: import ejs from 'ejs'");
  return expressEngine(
    async ({ path, locals, settings, place, cache }) => {
      const options = { ...(settings['view options'] as object | undefined), views: place.roots };
      const html = await ejs.renderFile(path, { ...locals, cache }, { ...options, async: true, cache: place.isFixed });
      if (!place.isFixed && html.includes('[object Promise]')) warnUnawaited(path);
      return html;
    },
    callIdiom('cache.each', '<%- await cache(…) %>'),
  );
}

/** Says, where templates are being written, that one was written for EJS as it is without this. */
function warnUnawaited(path: string): void {
  warnOnce(
    `${basename(path)} writes [object Promise] into its page: with ejsFragments() templates wait, and so has every include: <%- await include(…) %>`,
  );
}
