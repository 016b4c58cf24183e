import { describe, expect, it } from '@jest/globals';
import { writeLine } from './write-line.js';

describe('the line of a write', () => {
  it.each([
    ['GET http://h/users', 'GET http://h/users'],
    ['GET http://h/users\n@10:Users.list', 'GET http://h/users (Users.list)'],
    ['GET http://h/users\n@10:Users.list\n=1:7\n~accept=4:text', 'GET http://h/users (Users.list, 7, accept=text)'],
    ['GET http://h/users\n=5:a\r\nb\t', 'GET http://h/users (a, b)'],
  ])('is one line, whatever is in the key %j', (key, shown) => {
    const dropped = { count: 1, exact: true, keys: [key] };
    const line = writeLine({ statement: 'DELETE\n FROM users' }, { tags: ['users'], targets: [] }, dropped);
    expect(line).toBe(`viewcache: DELETE FROM users → users → 1 dropped: ${shown}`);
  });
});
