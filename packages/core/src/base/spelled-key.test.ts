import { describe, expect, it } from '@jest/globals';
import { encodeArguments } from '../values/arguments.js';
import { MemoKey, MemoScope } from '../values/memo-key.js';
import { ROOT, spaceIn, ValueKey } from '../values/value-key.js';
import { spelledKey } from './spelled-key.js';

const cart = spaceIn(ROOT, 'cart');
const counter = { entered() {}, left() {} };
const call = (args: readonly unknown[], space = ROOT, mark = ''): string => {
  const text = encodeArguments(args) as string;
  return new MemoKey(new MemoScope(space, 'statsOf', mark, counter), undefined, text, text).text;
};

describe('a key for people', () => {
  it.each([
    [new ValueKey(ROOT, 'user:7', undefined), 'user:7'],
    [new ValueKey(ROOT, 'user:7', 2), 'user:7 (version 2)'],
    [new ValueKey(cart, 'z', undefined), 'cart › z'],
    [new ValueKey(spaceIn(cart, 'eu'), ' 5:x', 3), 'cart:eu ›  5:x (version 3)'],
    [new ValueKey(ROOT, 'a\nERROR forged', undefined), 'a\\nERROR forged'],
    [new ValueKey(cart, 'half \ud800', undefined), 'cart › half \\ud800'],
  ])('of a value: %#', ({ text }, shown) => {
    expect(spelledKey(text)).toBe(shown);
  });

  it.each<[readonly unknown[], string]>([
    [[20], '20'],
    [[], ''],
    [['a\nb', -0, null, undefined, true, 10n], '"a\\nb", -0, null, undefined, true, 10n'],
    [[{ b: [1, 'x'], a: { c: false } }], '{"a": {"c": false}, "b": [1, "x"]}'],
    [[new Date(0), new Map([[1, 2]]), 'not shown'], '1970-01-01T00:00:00.000Z, …'],
    [[[[[[['deep']]]]]], '[[[[…]]]]'],
    [['x'.repeat(5_000)], '…'],
  ])('of a call: %#', (args, shown) => {
    expect(spelledKey(call(args))).toBe(`statsOf(${shown})`);
  });

  it('of a call names namespace and version', () => {
    expect(spelledKey(call([1], cart, '=2v3sAbv9'))).toBe('cart › statsOf(1) (version 3)');
  });

  it('of a call on an instance has that in front', () => {
    const scope = new MemoScope(ROOT, 'find', '', counter);
    expect(spelledKey(new MemoKey(scope, '#4;', 'n1;', 'n1;').text)).toBe('find(#4, 1)');
    expect(spelledKey(scope.front)).toBe('find(…)');
  });

  it('of a view is as it is', () => {
    expect(spelledKey('GET //h/x\n~accept')).toBe('GET //h/x\n~accept');
  });
});
