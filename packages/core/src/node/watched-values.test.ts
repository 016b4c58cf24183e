import { describe, expect, it } from '@jest/globals';
import { WatchedValues } from './watched-values.js';
import type { Watcher } from './watcher.js';

function world(actions: ReadonlyMap<string, string> = new Map()) {
  const log: string[] = [];
  const watcherOf = (name: string): Watcher =>
    ({
      rules: { actions },
      isHeard: true,
      isHiding: true,
      note: (input: string) => log.push(`${name} ${input}`),
      isRefilled: () => false,
      unwatched: <T>(run: () => T) => run(),
    }) as unknown as Watcher;
  return { log, watcherOf };
}

describe('properties that are there and are watched', () => {
  it('are as they were, and as they are set; reading them is heard', () => {
    const { log, watcherOf } = world();
    const target: Record<string, unknown> = { user: 'a' };
    new WatchedValues(target, watcherOf('guard')).watch('user', 'req.user');
    expect([target['user'], log]).toEqual(['a', ['guard req.user']]);
    target['user'] = 'b';
    expect(target['user']).toBe('b');
    expect(Object.keys(target)).toEqual(['user']);
  });

  it('of one object are not those of another', () => {
    const { watcherOf } = world();
    const [one, two] = [{ user: 'a' }, { user: 'b' }];
    for (const target of [one, two]) new WatchedValues(target, watcherOf('guard')).watch('user', 'req.user');
    expect([one.user, two.user]).toEqual(['a', 'b']);
    expect(Object.getOwnPropertyDescriptor(one, 'user')?.get).toBe(Object.getOwnPropertyDescriptor(two, 'user')?.get);
  });

  it('with accessors of somebody else keep these', () => {
    const { watcherOf } = world();
    let kept = 1;
    const target = {
      get user() {
        return kept;
      },
      set user(value: number) {
        kept = value * 10;
      },
    };
    new WatchedValues(target, watcherOf('guard')).watch('user', 'req.user');
    target.user = 2;
    expect([target.user, kept]).toEqual([20, 20]);
  });

  it('are heard of by the guards of two views, one inside the other', () => {
    const { log, watcherOf } = world();
    const target: Record<string, unknown> = { user: 'a', plan: 'x' };
    new WatchedValues(target, watcherOf('outer')).watch('user', 'req.user');
    const inner = new WatchedValues(target, watcherOf('inner'));
    inner.watch('plan', 'req.plan');
    expect([target['user'], log]).toEqual(['a', ['outer req.user']]);
    inner.watch('user', 'req.user');
    log.length = 0;
    target['user'] = 'b';
    expect([target['user'], log]).toEqual(['b', ['outer req.user', 'inner req.user']]);
  });

  it('are not there for a handler from whom they are hidden', () => {
    const { watcherOf, log } = world(new Map([['req.user', 'hide']]));
    const target = { user: 'a' };
    new WatchedValues(target, watcherOf('guard')).watch('user', 'req.user');
    expect([target.user, log]).toEqual([undefined, []]);
  });

  it('of more names than are kept work as well: two thousand symbols, each watched twice', () => {
    const { watcherOf } = world();
    for (let i = 0; i < 2_000; i++) {
      const name = Symbol(String(i));
      const target = { [name]: i };
      const outer = new WatchedValues(target, watcherOf('outer'));
      outer.watch(name, 'req.symbol');
      const inner = new WatchedValues(target, watcherOf('inner'));
      inner.watch(name, 'req.symbol');
      expect([target[name], inner.isWatching(name)]).toEqual([i, true]);
    }
  });

  it('that somebody has replaced since are not watched any more', () => {
    const { watcherOf } = world();
    const target = { user: 'a' };
    const values = new WatchedValues(target, watcherOf('guard'));
    values.watch('user', 'req.user');
    Object.defineProperty(target, 'user', { configurable: true, value: 'b' });
    expect(values.isWatching('user')).toBe(false);
  });

  it('that cannot be configured count as read', () => {
    const { watcherOf, log } = world();
    const target = Object.defineProperty({}, 'user', { value: 'a' });
    expect([new WatchedValues(target, watcherOf('guard')).watch('user', 'req.user'), log]).toEqual([
      false,
      ['guard req.user'],
    ]);
  });
});
