import { describe, expect, it } from '@jest/globals';
import { ViewContext } from '../engine/view-context.js';
import { deliver, NOTHING_FOUND } from './delivery.js';
import { openValues, PLAIN } from './parts.test.support.js';
import { ROOT, ValueKey } from './value-key.js';
import { valueIn } from './value-parts.js';

async function stored(value: unknown, copying: 'structured' | false = 'structured') {
  const opened = openValues();
  const { values } = opened;
  const { parts } = values;
  const key = new ValueKey(ROOT, 'k', undefined);
  await values.write([{ key, value }], { ...PLAIN, tags: ['t'], copying });
  const item = parts.engine.values.find(key);
  if (item === undefined) throw new Error('not stored');
  const held = valueIn(parts, item);
  if (held === undefined) throw new Error('not readable');
  const outer = new ViewContext();
  outer.home = parts.tags;
  const ask = (how: 'hit' | 'collapsed' = 'hit') => deliver(parts, key, item, held, how, outer, 'structured');
  return { ...opened, key, item, held, outer, ask };
}

describe('what is handed out of what is stored', () => {
  it('is a copy each, counted as it was found', async () => {
    const { ask, values } = await stored({ n: 1 });
    const [first, second] = [ask(), ask('collapsed')];
    expect([first, second]).toEqual([{ n: 1 }, { n: 1 }]);
    expect(first).not.toBe(second);
    expect(values.parts.sink.route('route')).toMatchObject({ hits: 1, collapsed: 1 });
  });

  it('tells what runs around it of its tags and those of its key, as old as it is', async () => {
    const { ask, outer, item, key } = await stored(1);
    ask();
    expect(outer.nested.map(({ tag }) => tag).sort()).toEqual([...key.tags, 't'].sort());
    expect(new Set(outer.nested.map(({ token }) => token))).toEqual(new Set([item.token]));
    expect(outer.refusal).toBeUndefined();
  });

  it('keeps what runs around it from being stored where it is stale, invalid, or nobody’s to keep', async () => {
    const stale = await stored(1);
    stale.clock.stepWallClock(60_000);
    stale.ask();
    const outdated = await stored(1);
    outdated.item.isOutdated = true;
    outdated.ask();
    const apart = await stored(1);
    apart.item.staysApart = true;
    apart.ask();
    expect([stale, outdated, apart].map(({ outer }) => outer.refusal)).toEqual(['stale-part', 'stale-part', 'view']);
  });

  it('is nothing, with a warning, where no copy can be had: nobody is counted, and nobody depends on it', async () => {
    const value: { f?: () => void } = {};
    const { outer, values, warnings, held, key, item } = await stored(value);
    Object.assign(held.value as object, { f: () => {} });
    const opened = deliver(values.parts, key, item, { value: held.value, bytes: 0 }, 'hit', outer, 'structured');
    expect(opened).toBe(NOTHING_FOUND);
    expect(warnings()).toEqual([expect.stringContaining('cannot be copied, and is not used')]);
    expect([outer.nested, values.parts.sink.route('route').hits]).toEqual([[], 0]);
  });
});
