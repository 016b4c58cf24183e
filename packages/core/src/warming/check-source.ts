import { ConfigError } from '../base/errors.js';
import { isCalls } from './calls.js';
import type { WarmSource } from './warm-types.js';

/** @throws {@link ConfigError} for what nothing can be read of */
export function checkSource(setting: string, source: unknown): asserts source is WarmSource {
  if (isCalls(source)) return;
  // A text is a list of its letters.
  if (typeof source === 'object' && source !== null && (Symbol.iterator in source || Symbol.asyncIterator in source))
    return;
  const allowed = 'a list of URLs, fromSitemap(), fromAccessLog() or calls()';
  throw new ConfigError(setting, source, allowed, typeof source === 'string' ? `['${source}']` : undefined);
}
