import { describe, expect, it } from '@jest/globals';
import { readReason, TagReasons } from './tag-reasons.js';

const one = readReason('main', 'SELECT 1');

describe('why something has the tags it has', () => {
  it('is one object for each text of a source', () => {
    expect(readReason('main', 'SELECT 1')).toBe(one);
    expect(readReason('other', 'SELECT 1')).not.toBe(one);
    for (let i = 0; i < 2_001; i++) readReason('main', `SELECT ${i} again`);
    expect(readReason('main', 'SELECT 1')).not.toBe(one);
    expect(readReason('main', 'x'.repeat(501)).statement).toBe(`${'x'.repeat(500)}…`);
  });

  it('takes over what another run has noted', () => {
    const [own, other] = [new TagReasons(true), new TagReasons(true)];
    own.read('a', one);
    other.read('a', 'declared');
    other.read('b', one, true);
    other.part('key', ['c']);
    other.leaveUntracked('weather');
    own.takeOver(other);
    expect([own.of((tag) => tag === 'a'), own.of((tag) => tag === 'b')]).toEqual([
      [one, 'declared'],
      ['declared', one],
    ]);
    expect([own.partsWith('c'), [...own.untracked]]).toEqual([['key'], ['weather']]);
  });

  it('is bounded in tags, statements, parts and words, and says where it is not whole', () => {
    const reasons = new TagReasons(true);
    for (let i = 0; i < 10; i++) reasons.read('many', readReason('main', `SELECT ${i}`));
    expect(reasons.of(() => true)).toHaveLength(4);
    expect(reasons.knowsParts).toBe(true);
    for (let i = 0; i < 300; i++) reasons.read(`t${i}`, one);
    expect(reasons.knowsParts).toBe(false);
    for (let i = 0; i < 100; i++) reasons.leaveUntracked(`${i} ${'x'.repeat(300)}`);
    expect([...reasons.untracked].map((why) => why.length)).toEqual(Array.from({ length: 16 }, () => 200));
    const parts = new TagReasons(true);
    for (let i = 0; i < 65; i++) parts.part(`key ${i}`, ['t']);
    expect(parts.partsWith('t')).toHaveLength(64);
    expect(parts.knowsParts).toBe(false);
  });

  it('weighs what it holds, the statements aside', () => {
    const reasons = new TagReasons(true);
    expect(reasons.bytes).toBe(0);
    reasons.read('users#1', one);
    const light = reasons.bytes;
    expect(light).toBeGreaterThan(0);
    reasons.read('users#1', readReason('main', 'x'.repeat(500)));
    expect(reasons.bytes - light).toBeLessThan(100);
  });
});
