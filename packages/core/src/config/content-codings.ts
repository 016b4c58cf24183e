import { ConfigError } from '../base/errors.js';
import { CONTENT_CODINGS, type ContentCoding } from '../http/content-coding.js';
import { checkOneOf, listed } from './check.js';

/** Codings, each once, in the order in which they are preferred; none by default. */
export function readContentCodings(setting: string, codings: unknown): readonly ContentCoding[] {
  if (!Array.isArray(codings)) {
    const alone = CONTENT_CODINGS.find((coding) => coding === codings);
    throw new ConfigError(setting, codings, `a list of ${listed(CONTENT_CODINGS)}`, alone && `['${alone}']`);
  }
  const read = Array.from(codings, (coding: unknown) => checkOneOf(setting, coding, CONTENT_CODINGS));
  const twice = read.find((coding, i) => read.indexOf(coding) !== i);
  if (twice !== undefined) throw new ConfigError(setting, twice, 'each coding once');
  return read;
}
