import type { Duration } from '../base/duration.js';

/**
 * What the code of a cached view says about its own response while it runs.
 *
 * @example
 * ```ts
 * app.get('/users/:id', async (req, res) => {
 *   view().dependsOn(`users#${req.params.id}`);
 *   res.json(await users.find(req.params.id));
 * });
 * ```
 */
export interface View {
  /**
   * The response is invalidated with any of these tags, whether declared before or after the data was read: strings of
   * 1 to 256 characters without control characters. With a wrong one the response is not stored.
   *
   * @example
   * ```ts
   * view().dependsOn('city', `city#${id}`);
   * ```
   */
  dependsOn(...tags: string[]): View;
  /**
   * Freshness lifetime of this response, instead of the option's: seconds, or a string such as `'5m'`; `0` = do not
   * store; `'forever'` only with tags. Anything that is no duration becomes a process warning, and nothing is stored.
   *
   * @example
   * ```ts
   * view().ttl(found.length === 0 ? '10s' : '1h');
   * ```
   */
  ttl(duration: Duration): View;
  /**
   * This response is not stored.
   *
   * @example
   * ```ts
   * if (isPreview) view().doNotStore();
   * ```
   */
  doNotStore(): View;
  /**
   * This response varies by these request fields: they become selecting headers, and `Vary` names them. Costs a stored
   * response for each combination of values.
   *
   * @example
   * ```ts
   * view().varyOn('x-currency');
   * ```
   */
  varyOn(...headerNames: string[]): View;
  /**
   * This response is made of something that no watched data source tells of, such as an answer of another service: nobody
   * says when that changes, so that the response is stored only with a ttl that ends.
   *
   * @param why - what it is, for `cache.explain()`: up to 200 characters
   *
   * @example
   * ```ts
   * view().untracked('weather').ttl('10m');
   * ```
   */
  untracked(why: string): View;
}
