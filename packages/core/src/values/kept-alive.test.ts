import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { hold } from './copies.js';
import type { Copying } from './copying.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

describe('what is kept of a value', () => {
  it('keeps nothing alive of what it is a copy of', async () => {
    const parts: (() => object)[] = [() => ({ a: [1] }), () => new Map([['a', {}]]), () => Buffer.alloc(99)];
    const makers = parts.flatMap((make) => [make, () => ({ part: make(), at: new Date() })]);
    const ways: Copying[] = ['structured', 'freeze'];
    const refs: WeakRef<object>[] = [];
    const kept = makers.flatMap((make) =>
      ways.map((copying) => {
        const value = make();
        refs.push(new WeakRef(value));
        return hold(value, copying);
      }),
    );
    // A WeakRef holds its target until the turn it was made in has ended.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    expect(kept.map(({ kind }) => kind)).toEqual(refs.map(() => 'held'));
    // Frozen, a tree is kept as it is.
    expect(refs.filter((ref) => ref.deref() !== undefined)).toHaveLength(1);
  });
});
