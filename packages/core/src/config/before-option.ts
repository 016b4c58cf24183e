import { ConfigError } from '../base/errors.js';
import { nearest } from '../base/near-miss.js';

/** Whether hits are answered before others have looked at the request; with cookies that do not keep it from that. */
export type BeforeOption = boolean | { readonly ignoreCookies: readonly string[] };

const ALLOWED = "true, false, or { ignoreCookies: ['_ga', …] }";

/**
 * Reads an option by which hits are answered before somebody else has looked at the request.
 *
 * @param what - the function's name, for errors: `cachePage`
 * @param name - the option's
 * @param refused - names of options beside it whose functions could not run before the answer
 * @throws {@link ConfigError} that names the setting
 */
export function readBefore<N extends string>(
  what: string,
  name: N,
  options: Readonly<Record<string, unknown> & { [K in N]?: unknown }>,
  refused: readonly string[],
): BeforeOption {
  const before: unknown = options[name];
  if (before === undefined || before === false) return false;
  if (typeof before === 'object' && before !== null && !Array.isArray(before)) readIgnored(`${what}.${name}`, before);
  else if (before !== true) throw new ConfigError(`${what}.${name}`, before, ALLOWED);
  for (const other of refused) {
    if (options[other] === undefined) continue;
    const allowed = `no ${other} with ${name}, where it could not run before the answer`;
    throw new ConfigError(`${what}.${other}`, options[other], allowed);
  }
  return before as BeforeOption;
}

function readIgnored(setting: string, before: { readonly ignoreCookies?: unknown }): void {
  for (const [name, value] of Object.entries(before)) {
    if (name === 'ignoreCookies') continue;
    throw new ConfigError(`${setting}.${name}`, value, ALLOWED, nearest(name, ['ignoreCookies']));
  }
  const { ignoreCookies } = before;
  // A copy has no holes, which every function of a list would pass over.
  if (!Array.isArray(ignoreCookies) || [...ignoreCookies].some((name) => typeof name !== 'string' || name === '')) {
    throw new ConfigError(setting, before, ALLOWED);
  }
}
