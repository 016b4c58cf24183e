import { VERSION, WRITTEN } from './functions-sql.js';

/** What is found in a database. */
export interface Found {
  readonly schema: string;
  readonly version: number;
  readonly channel: string;
  readonly coversAll: boolean;
}

type Ask = (sql: string) => Promise<readonly unknown[]>;

/** The trigger functions of a database: one, where {@link installPostgresNotify} has been called. */
export async function findInstalled(ask: Ask): Promise<readonly Found[]> {
  const rows = await ask(`
    SELECT json_build_object('schema', n.nspname, 'said', pg_catalog.obj_description(p.oid, 'pg_proc'))::text
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE p.proname = '${WRITTEN}' AND p.pronargs = 0 ORDER BY n.nspname`);
  return rows.map((row) => {
    const { schema, said } = JSON.parse(String(row)) as { schema: string; said: string | null };
    return { schema, ...read(said) };
  });
}

/** Somebody may have taken the comment away, or written another: then nothing is known of it. */
function read(said: string | null): Omit<Found, 'schema'> {
  try {
    const { viewcache, channel, coversAll } = JSON.parse(said ?? '') as Record<string, unknown>;
    if (typeof viewcache === 'number' && typeof channel === 'string')
      return { version: viewcache, channel, coversAll: coversAll === true };
  } catch {
    // As if it said nothing.
  }
  return { version: 0, channel: '', coversAll: false };
}

/** Written by a newer version of this package, which knows more. */
export function isNewer({ version }: Found): boolean {
  return version > VERSION;
}
