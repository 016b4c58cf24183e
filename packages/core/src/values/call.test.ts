import { describe, expect, it } from '@jest/globals';
import { ViewContext } from '../engine/view-context.js';
import { type Call, contextFor, knownTags, tellOuter, tellOuterOfNothing } from './call.js';
import { makeValue } from './make-value.js';
import { openValues, PLAIN } from './parts.test.support.js';
import { ROOT, ValueKey } from './value-key.js';
import type { ValuePolicy } from './value-policy.js';

function callOf(policy: Partial<ValuePolicy> = {}, isRefresh = false) {
  const { values } = openValues();
  const { parts } = values;
  const outer = new ViewContext();
  outer.home = parts.tags;
  const uses = values.uses({ ...PLAIN, ...policy });
  const key = new ValueKey(ROOT, 'k', undefined);
  const call: Call = { key, producer: () => 1, uses, parts, outer, isRefresh, isNow: false };
  const tags = () => outer.nested.map(({ tag }) => tag);
  const made = (context: ViewContext) => makeValue(1, uses.policy, context, 0, parts);
  return { call, outer, tags, made };
}

describe('what is told to a view or value around a call', () => {
  it('is every tag of what was made, as of now, and all that went into it', () => {
    const { call, outer, tags, made } = callOf({ tags: ['named'] });
    const context = contextFor(call);
    context.dependsOn('said');
    context.absorb(call.parts.tags, [{ tag: 'part', token: 3, stamp: '' }], 5);
    tellOuter(call, made(context), context);
    expect(tags()).toEqual([...call.key.tags, 'named', 'said', 'part']);
    expect(outer.nested.at(-1)).toMatchObject({ token: 3 });
    expect([outer.nestedVerifiedAt, outer.refusal]).toEqual([5, undefined]);
  });

  it.each([
    ['view', (context: ViewContext) => context.doNotStore()],
    ['tag', (context: ViewContext) => context.dependsOn('')],
    ['vary-star', (context: ViewContext) => context.varyOn('*')],
    ['too-many-tags', (context: ViewContext) => context.dependsOn(...Array.from({ length: 300 }, (_, i) => `t${i}`))],
    [undefined, (context: ViewContext) => context.ttl(0)],
  ])('is that it may not be stored, if that holds for all that is made of it: %s', (refusal, say) => {
    const { call, outer, made } = callOf();
    const context = contextFor(call);
    say(context);
    tellOuter(call, made(context), context);
    expect(outer.refusal).toBe(refusal);
  });

  it('is what it varies by, which the outer one can select by', () => {
    const { call, outer, made } = callOf();
    const context = contextFor(call);
    context.varyOn('accept-language');
    tellOuter(call, made(context), context);
    expect([[...outer.varyNames], outer.refusal]).toEqual([['accept-language'], undefined]);
  });

  it('is of a run that has failed what is known of its tags', () => {
    const { call, tags } = callOf({ tags: ['named'] });
    const context = contextFor(call);
    context.dependsOn('rows#1');
    tellOuterOfNothing(call, context);
    expect(tags()).toEqual(knownTags(call, context));
    expect(tags()).toEqual(expect.arrayContaining([...call.key.tags, 'named', 'rows#1']));
    expect(knownTags(callOf({ tags: () => ['never asked'] }).call)).toEqual(call.key.tags);
  });

  it('is nothing of what is made behind an answer, and nothing where nobody is around it', () => {
    const { call, outer, made } = callOf({}, true);
    const context = contextFor(call);
    context.doNotStore();
    tellOuter(call, made(context), context);
    expect([outer.nested, outer.refusal]).toEqual([[], undefined]);
    const alone = { ...call, outer: undefined };
    expect(() => tellOuter(alone, made(context), context)).not.toThrow();
    expect(contextFor(alone).outer).toBeUndefined();
  });
});
