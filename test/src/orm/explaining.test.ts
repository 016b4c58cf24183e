import { describe, expect, it } from '@jest/globals';
import { watchPostgresNotify } from '@viewcache/orm/postgres-notify';
import { NotifyWorld, until } from './notify-world.js';

describe('what a person is told of an invalidation', () => {
  const world = new NotifyWorld();

  it('is by which read the view has each tag, and by which write it went', async () => {
    const lines: string[] = [];
    const { cache, site, pool } = await world.open({}, { log: (line) => lines.push(line) });
    await site.get('V1');
    await site.get('VP');
    const users = 'SELECT * FROM users WHERE id = $1';
    const [view] = cache.explain('/users/1').stored;
    expect(view).toMatchObject({
      state: 'fresh',
      tags: ['users#1'],
      reasons: { 'users#1': [{ by: 'read', source: 'pg', statement: users }] },
    });
    await pool.query('UPDATE users SET name = $1 WHERE id = $2', ['Anabela', 1]);
    expect(lines).toEqual([
      expect.stringMatching(
        /^viewcache: UPDATE users SET name = \$1 WHERE id = \$2 → users, users#1 → \d dropped: .*\/users\/1/,
      ),
    ]);
    expect(cache.explain('/users/1').stored).toMatchObject([{ state: 'invalidated', tags: ['users#1'] }]);
  });

  it('tells what the database has told from what it has flushed', async () => {
    const lines: string[] = [];
    const { cache, site } = await world.open();
    const watch = watchPostgresNotify(world.idle(), { cache, log: (line) => lines.push(line) });
    world.closing({ close: async () => watch() });
    await watch.ready;
    await site.get('V1');
    const heard = until(cache, (tags) => tags.includes('users#1'));
    await world.admin.query("UPDATE users SET name = 'x' WHERE id = 1");
    await heard;
    expect(lines[0]).toMatch(/^viewcache: LISTEN → .*users!bulk/);
    expect(lines[1]).toMatch(
      /^viewcache: update public\.users, told by PostgreSQL → users, users#1 → 1 dropped: .*\/users\/1/,
    );
  });
});
