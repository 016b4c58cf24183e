import { existsSync } from 'node:fs';
// Under a name of its own: bundles often begin with a `createRequire` of theirs.
import * as nodeModule from 'node:module';
import { isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError } from '../base/errors.js';
import type { StoreSettings } from '../config/store-settings.js';
import { ownFile } from './call-sites.js';

/**
 * Refuses a store whose driver is missing. Who hands in a client has what it takes.
 *
 * @throws {@link ConfigError} with the command that installs it
 */
export function checkDriver(store: StoreSettings): void {
  if (store.kind !== 'redis') return;
  const { target } = store;
  // A single client makes others like itself; a cluster's nodes are ours to connect to.
  if (target.form !== 'given' || 'slots' in target.client) requireDrivers('redis:', ['@keyv/redis']);
}

/**
 * Refuses what needs a driver that is not installed, before the first request does: all that are missing are named at once.
 *
 * Decided by looking, not by loading: what is not used is not read.
 *
 * @param from - where a package is looked for: beside this one, and where the app is started
 * @param setting - whose driver it is, for the error
 * @throws {@link ConfigError} with the command that installs it
 */
export function requireDrivers(
  kind: string,
  names: readonly string[],
  // What was made by `eval`, as by some bundlers while an app is written, is in no file.
  from: readonly string[] = [ownFile(), join(process.cwd(), 'package.json')].filter(isAbsolute),
  setting = 'store',
): void {
  const missing = names.filter((name) => !from.some((base) => isInstalled(name, base)));
  if (missing.length === 0) return;
  const problem = `needs ${missing.join(' and ')}, which ${missing.length === 1 ? 'is' : 'are'} not installed`;
  throw new ConfigError(setting, kind, `npm install ${missing.join(' ')}`, undefined, problem);
}

/**
 * Imports a package that the app has and this one does not see, as where a package manager keeps them apart and the app has
 * not told it that they belong together.
 */
export async function importFromApp(name: string, app: string = join(process.cwd(), 'package.json')): Promise<unknown> {
  return await import(pathToFileURL(nodeModule.createRequire(app).resolve(name)).href);
}

function isInstalled(name: string, base: string): boolean {
  const require = nodeModule.createRequire(base);
  try {
    require.resolve(name);
    return true;
  } catch {
    // A package that `require` may not enter is there all the same.
    return require.resolve.paths(name)?.some((folder) => existsSync(join(folder, name, 'package.json'))) === true;
  }
}
