import { checkBoolean } from './check.js';

/** The `trackReads` option of a cache, a view or a value; `undefined` where it is left to what is around it. */
export function readTrackReads(setting: string, value: unknown): boolean | undefined {
  return value === undefined ? undefined : checkBoolean(setting, value as boolean);
}
