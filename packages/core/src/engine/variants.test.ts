import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { selectingValue } from '../http/vary.js';
import { type RequestFields, VariantIndex, variantText } from './variants.js';

const fields = (values: Record<string, string | undefined>): RequestFields => ({ get: (name) => values[name] });
const text = (target: string, names: readonly string[], values: Record<string, string | undefined>) =>
  variantText(target, names, fields(values), selectingValue);

const never = (): boolean => false;

describe('variantText (RFC 9111 §4.1)', () => {
  it('is the target itself where nothing selects', () => {
    expect(text('GET http://h/', [], { accept: 'x' })).toBe('GET http://h/');
  });

  it('tells an absent field from an empty one', () => {
    expect(text('t', ['accept'], {})).not.toBe(text('t', ['accept'], { accept: '' }));
  });

  it('takes values for one that select the same variant', () => {
    const names = ['accept-language', 'x-list'];
    const some = text('t', names, { 'accept-language': 'de-CH, fr;q=0.5', 'x-list': 'a,b' });
    expect(text('t', names, { 'accept-language': 'DE-ch,fr;q=0.5', 'x-list': 'a , b' })).toBe(some);
    expect(text('t', names, { 'accept-language': 'fr;q=0.5,de-CH', 'x-list': 'a,b' })).not.toBe(some);
    expect(text('t', names, { 'accept-language': 'de-CH, fr;q=0.5', 'x-list': 'A,b' })).not.toBe(some);
  });

  it('makes different values different texts, whatever they are made of', () => {
    const name = fc.constantFrom('a', 'b', 'c');
    const value = fc.oneof(fc.string(), fc.constantFrom('1:x', '\n~b', '\n~b=1:x', '1:x\n~b=1:y', '=', ''));
    const values = fc.dictionary(name, value, { maxKeys: 3 });
    const names = fc.uniqueArray(name).map((list) => list.sort());
    const asIs = (_name: string, given: string) => given;
    fc.assert(
      fc.property(names, names, values, values, (some, others, one, other) => {
        const meaning = (list: readonly string[], of: Record<string, string>) =>
          JSON.stringify(list.map((each) => [each, Object.hasOwn(of, each) ? of[each] : null]));
        const make = (list: readonly string[], of: Record<string, string>) =>
          variantText('t', list, { get: (each) => (Object.hasOwn(of, each) ? of[each] : undefined) }, asIs);
        expect(make(some, one) === make(others, other)).toBe(meaning(some, one) === meaning(others, other));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('VariantIndex.names', () => {
  it('is what the policy names, of a target nothing is known of', () => {
    const policy = ['accept'];
    expect(new VariantIndex(32).names('t', policy)).toBe(policy);
  });

  it('is the union of what the target’s responses and the policy have named, sorted', () => {
    const index = new VariantIndex(32);
    index.learn('t', ['origin', 'accept']);
    index.learn('t', ['accept', 'dnt']);
    expect(index.names('t', [])).toEqual(['accept', 'dnt', 'origin']);
    expect(index.names('t', ['cookie', 'dnt'])).toEqual(['accept', 'cookie', 'dnt', 'origin']);
    expect(index.names('other', [])).toEqual([]);
  });

  it('learns nothing from a response that names nothing', () => {
    const index = new VariantIndex(32);
    expect(index.learn('t', [])).toEqual([]);
    expect(index.size).toBe(0);
    index.learn('t', ['accept']);
    expect(index.learn('t', [])).toEqual(['accept']);
  });

  it('remembers names after the last variant has left', () => {
    const index = new VariantIndex(32);
    index.learn('t', ['accept']);
    index.admit('t', 'v', never);
    index.forget('t', 'v');
    expect(index.names('t', [])).toEqual(['accept']);
  });
});

describe('VariantIndex.admit', () => {
  it('admits up to the limit, then each in place of the oldest, and those it has any number of times', () => {
    const index = new VariantIndex(2);
    index.learn('t', ['accept']);
    expect(['a', 'b', 'a', 'c', 'c', 'd'].map((text) => index.admit('t', text, never))).toEqual([
      ...[undefined, undefined, undefined, 'a', undefined, 'b'],
    ]);
    index.forget('t', 'c');
    expect(index.admit('t', 'e', never)).toBeUndefined();
    expect(index.admit('t', 'f', never)).toBe('d');
  });

  it('spares what has answered since it was last asked about', () => {
    const index = new VariantIndex(3);
    index.learn('t', ['accept']);
    for (const text of ['used', 'b', 'c']) index.admit('t', text, never);
    const answered = new Set(['used']);
    const takes = (text: string): boolean => answered.delete(text);
    const left = ['d', 'e'].map((text) => index.admit('t', text, takes));
    expect(left).toEqual(['b', 'c']);
    answered.add('used').add('d').add('e');
    // All have answered: none is spared for ever.
    expect(index.admit('t', 'f', takes)).toBe('used');
    expect(index.admit('t', 'g', takes)).toBe('d');
  });

  it('parts with one even where all have answered', () => {
    const index = new VariantIndex(2);
    index.learn('t', ['accept']);
    const left = ['a', 'b', 'c', 'd'].map((text) => index.admit('t', text, () => true));
    expect(left).toEqual([undefined, undefined, 'a', 'b']);
  });

  it('counts each target for itself', () => {
    const index = new VariantIndex(1);
    for (const target of ['t', 'u']) index.learn(target, ['accept']);
    const left = [index.admit('t', 'a', never), index.admit('u', 'a', never), index.admit('t', 'b', never)];
    expect(left).toEqual([undefined, undefined, 'a']);
  });

  it('bears being told of what it does not know', () => {
    const index = new VariantIndex(1);
    index.forget('t', 'a');
    expect(index.admit('t', 'a', never)).toBeUndefined();
    expect(index.size).toBe(0);
  });
});

describe('VariantIndex is bounded', () => {
  it('holds 10,000 targets without a variant, the latest, and all that have one', () => {
    const index = new VariantIndex(32);
    for (let i = 0; i < 50; i++) {
      index.learn(`kept-${i}`, ['accept']);
      index.admit(`kept-${i}`, 'v', never);
    }
    for (let i = 0; i < 20_000; i++) index.learn(`idle-${i}`, ['accept']);
    expect(index.size).toBe(10_050);
    expect(index.names('kept-0', [])).toEqual(['accept']);
    expect(index.names('idle-9999', [])).toEqual([]);
    expect(index.names('idle-10000', [])).toEqual(['accept']);
    for (let i = 0; i < 50; i++) index.forget(`kept-${i}`, 'v');
    expect(index.size).toBe(10_000);
    expect(index.names('kept-49', [])).toEqual(['accept']);
  });

  it('holds 2,000,000 characters of targets without a variant, the latest', () => {
    const index = new VariantIndex(32);
    const target = (i: number) => `${i}`.padEnd(16_000, 'z');
    for (let i = 0; i < 1_000; i++) index.learn(target(i), ['accept']);
    expect(index.size).toBe(125);
    for (let i = 875; i < 1_000; i++) index.admit(target(i), 'v', never);
    for (let i = 0; i < 250; i++) index.learn(target(i), ['accept']);
    expect(index.size).toBe(250);
    for (let i = 875; i < 1_000; i++) index.forget(target(i), 'v');
    expect(index.size).toBe(125);
    expect(index.names(target(999), [])).toEqual(['accept']);
  });
});
