import { existsSync } from 'node:fs';
// Under a name of its own: bundles often begin with a `createRequire` of theirs.
import * as nodeModule from 'node:module';
import { join } from 'node:path';
import { ConfigError } from '../base/errors.js';
import type { StoreSettings } from '../config/store-settings.js';

/**
 * Refuses a store that was named by a URL and whose driver is missing. Who hands in a client has it.
 *
 * @throws {@link ConfigError} with the command that installs it
 */
export function checkDriver(store: StoreSettings): void {
  if (store.kind !== 'redis' || store.keyv !== undefined) return;
  if (store.target.form !== 'given') requireDriver('redis:', '@keyv/redis');
  throw new ConfigError('store', 'redis:', keyvOf('@keyv/redis', 'KeyvRedis'));
}

/** There are no drivers of our own yet; Keyv has some. */
function keyvOf(library: string, adapter: string): string {
  return `a Keyv with ${library}, createCache({ store: new Keyv({ store: new ${adapter}(url) }) }): see docs/guides/stores.md`;
}

/**
 * Refuses a store whose driver is not installed, before the first request does.
 *
 * Decided by looking, not by loading: what is not used is not read.
 *
 * @param from - where a package is looked for: beside this one, and where the app is started
 * @throws {@link ConfigError} with the command that installs it
 */
export function requireDriver(
  kind: string,
  name: string,
  from: readonly (string | URL)[] = [import.meta.url, join(process.cwd(), 'package.json')],
): void {
  if (from.some((base) => isInstalled(name, base))) return;
  throw new ConfigError('store', kind, `npm install ${name}, the package that it needs`);
}

function isInstalled(name: string, base: string | URL): boolean {
  const require = nodeModule.createRequire(base);
  try {
    require.resolve(name);
    return true;
  } catch {
    // A package that `require` may not enter is there all the same.
    return require.resolve.paths(name)?.some((folder) => existsSync(join(folder, name, 'package.json'))) === true;
  }
}
