import { ConfigError } from '@viewcache/core';
import { importFromApp } from '@viewcache/core/node';

/**
 * Loads a package that only those need who use it.
 *
 * @param setting - what needs it, for the error
 * @throws {@link ConfigError} with the command that installs it
 */
export async function loadPeer<T>(setting: string, name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (!isMissing(error, name)) throw error;
  }
  try {
    return (await importFromApp(name)) as T;
  } catch (error) {
    if (!isMissing(error, name)) throw error;
    throw new ConfigError(setting, name, `npm install ${name}`, undefined, 'is not installed');
  }
}

/** Not what it needs itself is missing, but the package. */
function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') && message.includes(`'${name}'`);
}
