import { ConfigError } from '../base/errors.js';
import { checkStrings } from './check.js';

/** Query parameters that say where a visitor came from and nothing about what is asked for. */
const IGNORED = [
  'utm_*',
  'gclid',
  'gclsrc',
  'dclid',
  'gbraid',
  'wbraid',
  'fbclid',
  'msclkid',
  'ttclid',
  'twclid',
  'mc_cid',
  'mc_eid',
  'igshid',
  '_ga',
  '_gl',
];

/** Whether a query parameter is left out of the key when no `ignoreQuery` option says otherwise. */
export const isIgnoredByDefault: (name: string) => boolean = matcher(IGNORED);

/** Reads the `ignoreQuery` option: names, or prefixes that end in `*`; they replace the default list. */
export function readIgnoredQuery(setting: string, value: unknown): (name: string) => boolean {
  if (value === undefined) return isIgnoredByDefault;
  const names = checkStrings(setting, value, "names of query parameters, such as 'utm_*'");
  for (const name of names) {
    if (name === '*' || name.slice(0, -1).includes('*')) {
      throw new ConfigError(setting, name, "parameter names, or prefixes such as 'utm_*'");
    }
  }
  return matcher(names);
}

function matcher(names: readonly string[]): (name: string) => boolean {
  const exact = new Set(names.filter((name) => !name.endsWith('*')));
  const prefixes = names.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1));
  return (name) => exact.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
}
