import { parseDuration } from '../base/duration.js';
import { checkBoolean, checkOneOf, checkOptions } from '../config/check.js';
import type { InvalidateOptions } from './cache.js';
import type { Orders } from './invalidator.js';

/**
 * Reads the options of an invalidation.
 *
 * @param where - the call, for errors
 * @throws {@link ConfigError} for a wrong one
 */
export function readOrders(where: string, options: InvalidateOptions = {}): Orders {
  checkOptions(where, options, ['confirm', 'hold', 'rewarm']);
  const { confirm = 'store', hold = 0, rewarm = false } = options;
  checkOneOf(`${where}.confirm`, confirm, ['store', 'all']);
  return {
    confirmsAll: confirm === 'all',
    holdMs: parseDuration(`${where}.hold`, hold),
    isRewarmed: checkBoolean(`${where}.rewarm`, rewarm),
  };
}
