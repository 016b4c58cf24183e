import { checkOptions } from '@viewcache/core/node';
import { WRITTEN } from './functions-sql.js';
import { findInstalled } from './installation.js';
import { stepOf } from './notify-error.js';
import { checkSchema } from './notify-options.js';
import type { NotifyPool } from './notify-types.js';
import { inSession } from './own-session.js';

/** What is removed. */
export interface RemoveNotifyOptions {
  /** @defaultValue the schema in which it is found */
  readonly schema?: string | undefined;
}

const WHAT = 'removePostgresNotify';

/**
 * Removes all that {@link installPostgresNotify} has put into a database; does nothing where nothing is. It locks every table
 * that was told of, for a moment, and waits 5 s for that at most. Needs to own the functions: to be the role that has
 * installed them.
 *
 * @throws `ConfigError` (by rejection) for options that are wrong
 * @throws `PostgresNotifyError` (by rejection) where a privilege is missing, or a table stays locked: then all of it is still there
 *
 * @example
 * ```ts
 * await removePostgresNotify(pool);
 * ```
 */
export async function removePostgresNotify(pool: NotifyPool, options: RemoveNotifyOptions = {}): Promise<void> {
  checkOptions(WHAT, options, ['schema']);
  const only = options.schema === undefined ? undefined : checkSchema(WHAT, options.schema);
  await inSession(WHAT, pool, async (session) => {
    const { ask, role } = session;
    for (const { schema } of await findInstalled(ask)) {
      if (only !== undefined && only !== schema) continue;
      const name = `"${schema.replace(/"/g, '""')}"`;
      await stepOf(
        WHAT,
        `have it run by the owner of the functions in the schema ${schema}, which ${role} is not`,
        () =>
          session.inTransaction(async () => {
            // Triggers go with it, of whoever's tables they are.
            await ask(`DROP FUNCTION ${name}.${WRITTEN}() CASCADE`);
            await ask(`DROP FUNCTION IF EXISTS ${name}.viewcache_followed() CASCADE`);
            await ask(`DROP FUNCTION IF EXISTS ${name}.viewcache_cover(oid)`);
            const [isEmpty] = await ask(IS_OURS_AND_EMPTY, [schema]);
            if (isEmpty === true) await ask(`DROP SCHEMA ${name}`);
          }),
      );
    }
  });
}

/** The schema is one that we have made, and nobody has put anything into it. */
const IS_OURS_AND_EMPTY = `
SELECT pg_catalog.obj_description(n.oid, 'pg_namespace') = 'viewcache' AND NOT EXISTS (
  SELECT FROM pg_catalog.pg_depend d WHERE d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.refobjid = n.oid)
FROM pg_catalog.pg_namespace n WHERE n.nspname = $1`;
