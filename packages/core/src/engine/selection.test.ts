import { describe, expect, it } from '@jest/globals';
import { selectingValue } from '../http/vary.js';
import { Guest } from './engine.test.support.js';
import { Selection } from './selection.js';
import { VariantIndex } from './variants.js';

function open() {
  const variants = new VariantIndex(3);
  return { variants, selection: new Selection(variants, selectingValue) };
}
const textOf = (selection: Selection, { key, policyNames, fields }: Guest) =>
  selection.textOf(key, policyNames, fields);

describe('Selection (RFC 9111 §4.1)', () => {
  it('is the target’s own text while nothing selects', () => {
    const { selection, variants } = open();
    const guest = new Guest('/', { accept: 'a' });
    expect(textOf(selection, guest)).toBe(guest.key.text);
    variants.learn(new Guest('/other').key.text, ['accept']);
    expect(textOf(selection, guest)).toBe(guest.key.text);
  });

  it('differs by what responses have named and by what the policy names', () => {
    const { selection, variants } = open();
    variants.learn(new Guest('/').key.text, ['accept']);
    const texts = [
      new Guest('/', { accept: 'a' }),
      new Guest('/', { accept: 'b' }),
      new Guest('/', { accept: 'a', dnt: '1' }),
      new Guest('/', { accept: 'a', dnt: '1' }, ['dnt']),
    ].map((guest) => textOf(selection, guest));
    expect(texts[2]).toBe(texts[0]);
    expect(new Set(texts).size).toBe(3);
  });

  it('groups visitors by variant, in the order in which they came', () => {
    const { selection, variants } = open();
    const [a, b, other] = [
      new Guest('/', { accept: 'a' }),
      new Guest('/', { accept: 'b' }),
      new Guest('/', { accept: 'a' }),
    ];
    expect([...selection.byVariant([a, b, other]).values()]).toEqual([[a, b, other]]);
    variants.learn(a.key.text, ['accept']);
    expect([...selection.byVariant([a, b, other]).values()]).toEqual([[a, other], [b]]);
  });
});
