import { ConfigError, defaultCache } from '@viewcache/core';
import { checkTarget } from '@viewcache/core/node';
import { partiesOf, scopeOf } from './registry.js';

/**
 * Invalidates tags of your own when the transaction commits, together with what it writes, and not at all when it is rolled
 * back. At once where none is open.
 *
 * @param scope - what the transaction runs on, as the library that is watched has it: for `pg` the client of
 * `pool.connect()`. What no watch has met yet counts as outside any transaction, and invalidates in `defaultCache()`
 * @returns resolves when the tags are kept for the commit; outside a transaction when the cache has been told, as after any
 * write that is watched
 * @throws `ConfigError` (by rejection) for tags that cannot be any, and for a scope that is no object
 *
 * @example
 * ```ts
 * const client = await pool.connect();
 * await client.query('BEGIN');
 * await client.query('UPDATE prices SET amount = amount * 1.1');
 * await afterCommit(client, 'price-list');
 * await client.query('COMMIT'); // now
 * ```
 */
export async function afterCommit(scope: object | undefined, tags: string | readonly string[]): Promise<void> {
  const target = { tags };
  checkTarget('afterCommit', target);
  if (scope !== undefined && (scope === null || !['object', 'function'].includes(typeof scope)))
    throw new ConfigError(
      'afterCommit.scope',
      scope,
      'what the transaction runs on, such as the client of pool.connect()',
    );
  const list = typeof tags === 'string' ? [tags] : tags;
  const met = scope === undefined || partiesOf(scope).length > 0 ? scope : await scopeOf(scope);
  const parties = met === undefined ? [] : partiesOf(met);
  if (parties.length === 0) await defaultCache().purge(target);
  else await Promise.all(parties.map((party) => party.afterCommit(met as object, list)));
}
