import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { parseDuration } from './duration.js';
import { ConfigError } from './errors.js';

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

describe('parseDuration', () => {
  it.each([
    [300, 300_000],
    [0, 0],
    [0.5, 500],
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
    ['0s', 0],
    ['36500d', 36_500 * 86_400_000],
  ])('%j is %d ms', (duration, ms) => {
    expect(parseDuration('ttl', duration)).toBe(ms);
  });

  it.each([
    -1,
    -0.001,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    1e300,
    null,
    undefined,
    true,
    {},
    [5],
    '',
    ' 5m',
    '5m ',
    '5 m',
    '5',
    '-5s',
    '+5s',
    '5 apples',
    '5M',
    '5S',
    '1e3s',
    '.5s',
    '5.s',
    '1.5.5s',
    '5mm',
    'm5',
    'ms',
    'forever',
    '36501d',
    `${'9'.repeat(400)}d`,
  ])('refuses %j, naming the setting', (value) => {
    expect(() => parseDuration('collapseTimeout', value)).toThrow(ConfigError);
    expect(() => parseDuration('collapseTimeout', value)).toThrow(/^collapseTimeout: /);
  });

  it.each([
    ['300', "300 or '300s'"],
    [' 300 ', "300 or '300s'"],
    ['0.5', "0.5 or '0.5s'"],
    ['5M', "'5m'"],
    ['5 m', "'5m'"],
    ['1H 30M', "'1h30m'"],
    ['5 minutes', "'5m'"],
    ['90 secs', "'90s'"],
    ['2 days', "'2d'"],
  ])('asks whether %j was meant as %s', (value, meant) => {
    expect(() => parseDuration('ttl', value)).toThrow(`; did you mean ${meant}?`);
  });

  it.each(['5 apples', '', '-5s', '36501d', '36501 days', '9'.repeat(30), '1'.repeat(100_000), null, 1e300, '5.s'])(
    'has no guess at %.20j',
    (value) => {
      expect(() => parseDuration('ttl', value)).toThrow(/^(?!.*did you mean)/s);
    },
  );

  it('adds up whatever it is made of', () => {
    const part = fc.tuple(fc.nat(500), fc.constantFrom('ms', 's', 'm', 'h', 'd'));
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const text = parts.map(([amount, unit]) => `${amount}${unit}`).join('');
        const sum = parts.reduce((ms, [amount, unit]) => ms + amount * UNITS[unit as keyof typeof UNITS], 0);
        expect(parseDuration('ttl', text)).toBe(sum);
      }),
    );
  });

  it('reads a hostile string in one go', () => {
    expect(() => parseDuration('ttl', `${'1s'.repeat(50_000)}!`)).toThrow(ConfigError);
    expect(() => parseDuration('ttl', '1'.repeat(100_000))).toThrow(ConfigError);
  });

  it('looks after a promise that it refuses: one that rejects would end the process', () => {
    const late = Promise.reject(new Error('late'));
    const looked = jest.spyOn(late, 'catch');
    expect(() => parseDuration('ttl', late)).toThrow(ConfigError);
    expect(looked).toHaveBeenCalledTimes(1);
  });
});
