import { describe, expect, it } from '@jest/globals';
import { Guest, openEngine } from './engine.test.support.js';
import type { EngineLimits } from './engine-parts.js';

const world = (limits: Partial<EngineLimits> = {}) => openEngine({ limits });

describe('Engine.find (RFC 9111 §4)', () => {
  it('finds what is fresh, and not at the end of its lifetime', () => {
    const { come, clock } = world();
    come().complete('one');
    clock.advance(59_999);
    expect(come().log).toEqual(['hit one']);
    clock.advance(1);
    expect(come().log).toHaveLength(1);
    expect(come().log).toEqual([]);
  });

  it('finds nothing that was invalidated, and what was stored after it', () => {
    const { come, tags } = world();
    come().complete('one');
    tags.invalidate(['other'], 'soft');
    expect(come().log).toEqual(['hit one']);
    tags.invalidate(['t'], 'soft');
    const again = come();
    expect(again.log).toEqual(['led stale']);
    again.complete('two');
    expect(come().log).toEqual(['hit two']);
  });

  it('stores nothing whose tag was invalidated while it was made', () => {
    const { come, tags, telemetry } = world();
    const first = come();
    tags.invalidate(['t'], 'soft');
    first.complete('one');
    expect(come().log).toEqual(['led uri-miss']);
    expect(telemetry.read(0, 0)).toMatchObject({ stored: 0, refused: { invalidated: 1 } });
  });

  it('selects by the fields that responses have named', () => {
    const { come } = world();
    come('/', { accept: 'a' }).complete('A', { selecting: ['accept'] });
    const other = come('/', { accept: 'b' });
    expect(other.log).toEqual(['led vary-miss']);
    other.complete('B', { selecting: ['accept'] });
    come('/', {}).complete('none', { selecting: ['accept'] });
    expect([come('/', { accept: 'a' }), come('/', { accept: 'b' }), come('/')].map(({ log }) => log)).toEqual([
      ...[['hit A'], ['hit B'], ['hit none']],
    ]);
  });

  it('selects by the fields that the policy names, from the first request on', () => {
    const { come } = world();
    const first = come('/', { dnt: '1' }, ['dnt']);
    expect(come('/', { dnt: '0' }, ['dnt']).log).toEqual(['led vary-miss']);
    expect(come('/', { dnt: '1' }, ['dnt']).log).toEqual([]);
    first.complete('one');
    expect(come('/', { dnt: '1' }, ['dnt']).log).toEqual(['hit one']);
  });

  it('never finds by fewer fields what turned out to need more', () => {
    const { come } = world();
    come('/', { accept: 'a' }).complete('all', { selecting: ['accept'] });
    come('/', { accept: 'b', origin: 'x' }).complete('x', { selecting: ['origin'] });
    expect(come('/', { accept: 'b', origin: 'y' }).log).toEqual(['led vary-miss']);
    expect(come('/', { accept: 'b', origin: 'x' }).log).toEqual(['hit x']);
  });
});

describe('Lead', () => {
  it.each<[string, (guest: Guest) => void, number]>([
    ['a refusal', (guest) => guest.leads?.refuse('status', '/r'), 1],
    ['a withdrawal', (guest) => guest.leads?.withdraw(), 0],
  ])('counts nothing after %s', (_what, end, refused) => {
    const { come, telemetry } = world();
    const guest = come();
    end(guest);
    guest.complete('one');
    guest.leads?.refuse('view', '/r');
    guest.leads?.withdraw();
    expect(Object.values(telemetry.read(0, 0).refused)).toEqual(Array(refused).fill(1));
    expect(telemetry.read(0, 0).stored).toBe(0);
  });

  it('of a visitor who runs alone may end in any way', () => {
    const { engine, come } = world();
    const alone = [new Guest('/'), new Guest('/'), new Guest('/')];
    for (const guest of alone) engine.fetchAlone(guest, 'request');
    alone[0]?.leads?.refuse('aborted', '/r');
    alone[1]?.leads?.withdraw();
    expect([alone[0]?.leads?.hasWaiters, come().log]).toEqual([false, ['led uri-miss']]);
    alone[2]?.complete('one');
    expect(come().log).toEqual(['hit one']);
  });

  it('counts the first word only', () => {
    const { come, telemetry } = world();
    const guest = come();
    guest.complete('one');
    guest.complete('two');
    guest.leads?.refuse('status', '/r');
    guest.leads?.withdraw();
    expect(come().log).toEqual(['hit one']);
    expect(telemetry.read(0, 0)).toMatchObject({ stored: 1, refused: {} });
  });

  it('knows whether what was read under it could be stored with these tags', () => {
    const { come, tags } = world();
    const { leads } = come('/x/y');
    expect(leads?.admits({ tags: ['t'] })).toBe(true);
    tags.invalidate(['t'], 'soft');
    expect([leads?.admits({ tags: ['t'] }), leads?.admits({ tags: ['u'] })]).toEqual([false, true]);
    tags.invalidate(leads?.key.tags.slice(1, 2) ?? [], 'soft');
    expect(leads?.admits({ tags: ['u'] })).toBe(false);
  });
});

describe('Engine.fetchAlone', () => {
  it('runs the handler whether or not somebody leads already, and stores what comes of it', () => {
    const { engine, come } = world();
    come();
    const alone = new Guest('/');
    engine.fetchAlone(alone, 'request');
    expect(alone.log).toEqual(['led request']);
    alone.complete('one');
    expect(come().log).toEqual(['hit one']);
  });

  it('runs nothing for a client that has gone', () => {
    const { engine } = world();
    const gone = new Guest('/');
    gone.isGone = true;
    engine.fetchAlone(gone, 'request');
    expect(gone.log).toEqual([]);
  });
});
