import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../base/errors.js';
import type { AnyFunction } from './any-function.js';
import { callIt, type MemoClaim, MemoNames } from './memo-names.js';

function names(isShared = false) {
  const warnings: string[] = [];
  const all = new MemoNames((message) => warnings.push(message));
  const claim = (fn: AnyFunction, more: Partial<MemoClaim> = {}) =>
    all.claim({ fn, prefix: '', name: undefined, version: undefined, isShared, checksSource: false, ...more });
  return { claim, warnings };
}

const made = (n: number) => () => n;

describe('names of memoized functions', () => {
  it('that are their own are told apart in memory, and refused where they are not in a shared store', () => {
    const local = names();
    const fns = [function a() {}, function a() {}, () => {}].map((fn) => local.claim(fn));
    expect(fns.map(({ name, mark }) => [name, mark])).toEqual([
      ['a', '~1'],
      ['a~2', '~2'],
      ['(anonymous)', '~1'],
    ]);
    const shared = names(true);
    expect(shared.claim(function a() {})).toMatchObject({ name: 'a', mark: '' });
    expect(() => shared.claim(function a() {})).toThrow(ConfigError);
    expect(() => shared.claim(made(1), { name: 'a' })).toThrow(ConfigError);
    expect(shared.claim(function a() {}, { prefix: 'b:' })).toMatchObject({ name: 'a' });
  });

  it('that were given are one function’s, each time it comes', () => {
    for (const isShared of [false, true]) {
      const { claim, warnings } = names(isShared);
      const fn = made(1);
      const first = claim(fn, { name: 'n' });
      expect(claim(fn, { name: 'n' })).toBe(first);
      expect(first).toMatchObject({ name: 'n', mark: '', isTaken: false });
      expect(claim(fn, { name: 'n', prefix: 'b:' })).not.toBe(first);
      expect(warnings).toEqual([]);
    }
  });

  it('that were given to another of the same code: apart in memory, taken in a shared store, told once', () => {
    for (const isShared of [false, true]) {
      const { claim, warnings } = names(isShared);
      const records = [1, 2, 3].map((n) => claim(made(n), { name: 'n' }));
      expect(records.map(({ mark, isTaken }) => [mark, isTaken])).toEqual(
        isShared
          ? [
              ['', false],
              ['', true],
              ['', true],
            ]
          : [
              ['', false],
              ['=2', false],
              ['=3', false],
            ],
      );
      expect(warnings).toHaveLength(1);
    }
  });

  it('are told apart by version, and by code where that is asked for', () => {
    const { claim, warnings } = names(true);
    const marks = [
      claim(made(1), { name: 'n', version: 1 }),
      claim(() => 'other', { name: 'n', version: 2 }),
      claim(made(1), { name: 'n', checksSource: true }),
      claim(() => 'other', { name: 'n', checksSource: true }),
    ].map(({ mark, isTaken }) => (isTaken ? 'taken' : mark));
    expect(marks).toEqual(['v1', 'v2', expect.stringMatching(/^s.{22}$/), expect.stringMatching(/^s.{22}$/)]);
    expect(new Set(marks).size).toBe(4);
    expect(warnings).toEqual([]);
    expect(() => claim(() => 'other', { name: 'n', version: 1 })).toThrow('is the name of a function of other code');
  });

  it('may be those that a class has given', () => {
    const { claim } = names(true);
    const fn = made(1);
    callIt(fn, 'Users.find');
    expect(claim(fn).name).toBe('Users.find');
  });

  it('that were left are no other function’s, and those of the first one when it comes again', () => {
    const code = () => 'other code';
    for (const name of [undefined, 'n']) {
      const { claim } = names(true);
      const fn = made(1);
      const comes = (to: string) => {
        callIt(fn, 'n');
        return claim(fn, { prefix: to, name, follower: fn });
      };
      comes('a:').leave();
      callIt(code, 'n');
      for (const other of [undefined, 'n'])
        expect(() => claim(code, { prefix: 'b:', name: other })).toThrow(ConfigError);
      expect(comes('a:')).toMatchObject({ mark: '', isTaken: false });
      expect(claim(code)).toMatchObject({ mark: '' });
    }
    const { claim } = names(true);
    const [one, two, three] = [made(1), made(2), made(3)];
    claim(one, { prefix: 'a:', name: 'n' }).leave();
    const second = claim(two, { prefix: 'b:', name: 'n' });
    expect(second.isTaken).toBe(true);
    second.leave();
    // Which of them was the first, and where, nobody knows any more.
    const taken = [one, two, three].map((fn) => claim(fn, { prefix: 'c:', name: 'n' }).isTaken);
    expect(taken).toEqual([true, true, true]);
  });

  it('that were left in memory are told apart by what they were before', () => {
    const { claim } = names();
    const [one, two] = [made(1), made(2)];
    const marksIn = (prefix: string, fns: readonly AnyFunction[]) =>
      fns.map((fn) => {
        const given = claim(fn, { prefix, name: 'n' });
        const derived = claim(fn, { prefix, follower: fn });
        given.leave();
        derived.leave();
        return [given.mark, derived.mark];
      });
    const first = marksIn('a:', [one, two]);
    const again = marksIn('b:', [two, one]).reverse();
    expect(first).toEqual([
      ['', '+1'],
      ['=2', '+2'],
    ]);
    expect(again).toEqual([
      ['=3', '+1'],
      ['=2', '+2'],
    ]);
  });
});
