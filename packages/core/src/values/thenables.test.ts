import { describe, expect, it } from '@jest/globals';
import { thenableIn } from './thenables.js';

describe('what a promise would not hand out as it is', () => {
  const name = 'then';
  class Throws {
    get [name](): never {
      throw new Error('then');
    }
  }
  class Query {
    [name](): void {
      throw new Error('called');
    }
  }

  it.each([
    [Promise.resolve(1), 'a Promise'],
    [new Query(), 'a Query'],
    [new Throws(), 'a Throws'],
    [Object.assign(() => {}, { [name]: () => {} }), 'a function'],
    [Object.create(new Query()), 'an object of no named class'],
  ])('is named: %#', (value, what) => {
    expect(thenableIn(value)).toContain(`value is ${what}`);
  });

  it.each([[undefined], [null], [0], ['then'], [{}], [{ [name]: 1 }], [[new Query()]], [() => {}]])(
    'is not %p',
    (value) => {
      expect(thenableIn(value)).toBeUndefined();
    },
  );
});
