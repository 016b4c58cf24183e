import { describe, expect, it } from '@jest/globals';
import { parseAge } from './age.js';
import { parseCacheControl } from './cache-control.js';
import { cacheStatusWriter } from './cache-status.js';
import { isAnyTag, listMatches, parseEntityTag } from './entity-tag.js';
import { withheldFields } from './hop-by-hop.js';
import { parseHttpDate } from './http-date.js';
import { evaluatePreconditions, ifRangeHolds } from './preconditions.js';
import { parseRange } from './range.js';
import { invalidatedBy } from './unsafe-method.js';
import { parseVary, selectingValue } from './vary.js';

const size = 64 * 1024;
const fill = (unit: string) => unit.repeat(Math.ceil(size / unit.length)).slice(0, size);

/** 64 KiB each, made to send a parser that looks twice back to the beginning. */
const hostile = [
  '"',
  '\\"',
  '\\" ,',
  '"\\',
  '"\\",',
  '",',
  ',',
  ', ',
  ' ',
  '\t ,',
  'a',
  'a ',
  'a=',
  'a,',
  'a="',
  'W/',
  'W/"',
  '"a" ',
  '"a"b,',
  '*,',
  '9',
  '1,',
  '0-',
  '-',
  'é',
  '\ud800',
  '\0',
  'max-age=',
  'private="',
  ';q=',
  'A; ',
  '../',
  'Sun, ',
].flatMap((unit) => [fill(unit), `"${fill(unit)}`, `a${fill(unit)}`, `${fill(unit)}"`, `bytes=${fill(unit)}x`]);

const status = cacheStatusWriter('viewcache');
const none = { etag: '"a"', lastModified: 0 };

const functions: [string, (text: string) => unknown][] = [
  ['parseCacheControl', parseCacheControl],
  ['parseVary', parseVary],
  ['selectingValue, a list', (text) => selectingValue('foo', text)],
  ['selectingValue, accept', (text) => selectingValue('accept', text)],
  ['selectingValue, accept-encoding', (text) => selectingValue('accept-encoding', text)],
  ['selectingValue, user-agent', (text) => selectingValue('user-agent', text)],
  ['parseEntityTag', parseEntityTag],
  ['isAnyTag', isAnyTag],
  ['listMatches', (text) => listMatches(text, '"a"', 'strong') || listMatches(text, '"\\"', 'weak')],
  ['evaluatePreconditions', (text) => evaluatePreconditions({ 'if-match': text, 'if-none-match': text }, none, 0)],
  ['ifRangeHolds', (text) => ifRangeHolds(text, none, 0, 0)],
  ['parseAge', parseAge],
  ['parseRange', (text) => parseRange(text, 100)],
  ['parseHttpDate', (text) => parseHttpDate(text, 0)],
  ['withheldFields', (text) => withheldFields(text, parseCacheControl(undefined))],
  ['cacheStatusWriter', (text) => status.write({ key: text, detail: text })],
  ['invalidatedBy', (text) => invalidatedBy({ method: 'PUT', targetUri: 'http://a/', status: 200, location: text })],
];

/** The best of three, so that a pause of the machine is not taken for the parser's. */
function milliseconds(run: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 3 && best > limitMs; attempt++) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** A linear parser takes about 5 ms at worst; a quadratic one has 10⁹ steps to take. */
const limitMs = 150;

describe('64 KiB of hostile input', () => {
  it.each(functions)('costs %s no more than time in proportion', (_, run) => {
    const slow = hostile.filter((text) => milliseconds(() => run(text)) > limitMs);
    expect(slow.map((text) => text.slice(0, 20))).toEqual([]);
  });
});
