import { CacheError } from '@viewcache/core';

/**
 * Triggers could not be installed or removed, or what is installed does not tell what is listened for. The message says what to
 * do, such as the privilege to grant; `cause` is the database's own error, where there is one.
 */
export class PostgresNotifyError extends CacheError {
  static readonly code = 'ERR_CACHE_POSTGRES_NOTIFY';
  readonly code = PostgresNotifyError.code;
  static override get name(): string {
    return 'PostgresNotifyError';
  }
  override readonly name = 'PostgresNotifyError';
}

/** SQLSTATEs of which there is more to say than what the database says. */
const NO_PRIVILEGE = '42501';
const NO_LOCK = '55P03';

/**
 * Carries out a step, and says in our words why it could not be.
 *
 * @param grant - what to do where a privilege is missing
 */
export async function stepOf<T>(what: string, grant: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { code, message } = cause as { readonly code?: unknown; readonly message?: unknown };
    if (code === NO_PRIVILEGE) throw new PostgresNotifyError(`${what}: ${message}; ${grant}`, { cause });
    if (code === NO_LOCK)
      throw new PostgresNotifyError(
        `${what}: ${message} within 5 s; a transaction holds the table: call it again, what is done already stays`,
        { cause },
      );
    throw cause;
  }
}
