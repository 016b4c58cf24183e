import { describe, expect, it } from '@jest/globals';
import { ViewContext } from '../engine/view-context.js';
import { makeValue } from './make-value.js';
import { openValues, PLAIN } from './parts.test.support.js';
import type { ValuePolicy } from './value-policy.js';

/** What comes of a value under a policy, after its producer has said something. */
function made(value: unknown, policy: Partial<ValuePolicy> = {}, say: (context: ViewContext) => unknown = () => {}) {
  const { values, warnings } = openValues();
  const context = new ViewContext();
  context.home = values.parts.tags;
  say(context);
  const { candidate, ...rest } = makeValue(value, { ...PLAIN, ...policy }, context, 7, values.parts);
  return { ...candidate, ...rest, warnings: warnings() };
}

const nested = (count: number) => (context: ViewContext) =>
  context.absorb(
    context.home as object,
    Array.from({ length: count }, (_, i) => ({ tag: `t${i}`, token: 1, stamp: '' })),
  );

describe('what is offered of a value', () => {
  it('has its policy’s lifetime and tags, and what its producer has said comes first', () => {
    const value = made(1, { tags: ['a'], whileRevalidateMs: 5 }, (context) => context.dependsOn('b').ttl(2));
    expect(value).toMatchObject({
      lifetimeMs: 2_000,
      tags: ['a', 'b'],
      stale: { whileRevalidateMs: 5, ifErrorMs: 0 },
      producerMs: 7,
      route: 'route',
      refusal: undefined,
      isShareable: true,
    });
    expect(made(1)).toMatchObject({ lifetimeMs: 60_000, tags: [], stale: undefined });
  });

  it('asks functions of the value; what they answer wrongly is told, and stores nothing', () => {
    const functions = { lifetimeMs: (n: unknown) => (n as number) * 1_000, tags: (n: unknown) => [`n#${n}`] };
    expect(made(5, functions)).toMatchObject({
      lifetimeMs: 5_000,
      tags: ['n#5', 'n!bulk', 'n!ins'],
      refusal: undefined,
      warnings: [],
    });
    for (const [wrong, refusal, told] of [
      [{ tags: () => 'text' }, 'tag', 'rather than a list of tags'],
      [{ tags: () => [''] }, 'tag', 'a list with what is no tag'],
      [{ tags: () => Promise.reject(1) }, 'tag', 'returned a promise'],
      [{ lifetimeMs: () => Promise.reject(1) }, 'ttl', 'returned a promise'],
      [{ storeIf: () => undefined }, 'store-if', 'rather than true or false'],
    ] as const)
      expect(made(1, wrong as unknown as ValuePolicy)).toMatchObject({
        refusal,
        isShareable: true,
        warnings: [expect.stringContaining(told)],
      });
  });

  it.each([
    ['view', (context: ViewContext) => context.doNotStore().ttl(0)],
    ['tag', (context: ViewContext) => context.dependsOn('')],
    ['ttl', (context: ViewContext) => context.ttl(0)],
    ['too-many-tags', nested(4_097)],
    [undefined, nested(4_096)],
  ])('is refused as %s where its producer has said so', (refusal, say) => {
    expect(made(1, {}, say)).toMatchObject({ refusal, isShareable: true });
  });

  it.each([
    ['vary-star', undefined, (context: ViewContext) => context.varyOn('accept-language')],
    ['vary-star', undefined, (context: ViewContext) => context.varyOn('*')],
    ['input', 'header dnt', (context: ViewContext) => context.read('header dnt', true)],
  ])('is nobody’s but the caller’s where it differs from request to request (%s)', (refusal, detail, say) => {
    const asProducer = (context: ViewContext) => say(Object.assign(context, { isProducer: true }));
    expect(made(1, {}, asProducer)).toMatchObject({ refusal, detail, isShareable: false });
  });

  it('says what its producer has read, and is stored all the same', () => {
    const read = (context: ViewContext) => context.keepInputs(['req.user']);
    expect(made(1, {}, read)).toMatchObject({ refusal: undefined, isShareable: true, inputs: ['req.user'] });
    expect(made(1).inputs).toBeUndefined();
  });

  it('is nobody’s but the caller’s where it cannot be copied, and says what of it', () => {
    expect(made({ f: () => {} })).toMatchObject({
      refusal: 'class',
      detail: 'value.f is a function',
      isShareable: false,
    });
    expect(made({ f: () => {} }, { copying: false })).toMatchObject({ refusal: undefined, isShareable: true });
    expect(made(Promise.resolve(1), { copying: false })).toMatchObject({ refusal: 'class', isShareable: false });
  });

  it('is a copy of what was made', () => {
    const value = { n: 1 };
    const { held } = made(value);
    value.n = 2;
    expect(held?.value).toEqual({ n: 1 });
  });
});
