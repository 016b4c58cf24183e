import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from '@jest/globals';

const run = promisify(execFile);
const script = fileURLToPath(new URL('./async-options-process.js', import.meta.url));

/** What each comes to, and what is said of it. */
const expected: Readonly<Record<string, readonly [came: unknown, told?: RegExp]>> = {
  ttl: [1, /^ttl of .*Promise/],
  tags: [1, /^tags of .* returned a promise/],
  storeIf: [1, /^storeIf of .* returned a promise/],
  isStale: [1, /^isStale of .* returned a promise/],
  cacheErrors: ['rejected: down', /^cacheErrors of .*Promise/],
  by: [expect.stringMatching(/^rejected: getOrSetMany.* by returns a promise; have by return/)],
  'memoize ttl': [1, /^ttl of ttl .*Promise/],
  'memoize tags': [1, /^tags of tags returned a promise/],
  'memoize storeIf': [1, /^storeIf of storeIf returned a promise/],
  'memoize when': [1, /^when of when returned a promise/],
  'memoize key': [1, /not cached: key returned a promise$/],
  'memoize ignore': [1, /not cached: ignore returned a promise$/],
  'memoize ignore that throws': [1, /not cached: ignore threw Error: thrown$/],
  'memoize instanceKey': [1, /not cached: this has a promise for an instanceKey$/],
  '@memoized cache': [expect.stringMatching(/^threw: memoized\.cache: a Promise is not allowed/)],
  'encode of a value': [1, /encode of Encoded threw ConfigError: registerClass\.encode: a Promise is not allowed/],
  'decode of a value': [1, /ConfigError: registerClass\.decode: a Promise is not allowed/],
  'encode of an argument': [1, /encode of Encoded threw ConfigError: registerClass\.encode: a Promise/],
};

it('what promises where it has to answer at once is told of, once, and its rejection ends no process', async () => {
  const { stdout } = await run(process.execPath, ['--disable-warning=ViewcacheWarning', script]);
  const outcomes = JSON.parse(stdout) as { name: string; told?: string }[];
  expect(outcomes).toEqual(
    Object.entries(expected).map(([name, [came, told]]) => ({
      name,
      came,
      warned: told === undefined ? 0 : 1,
      ...(told === undefined ? {} : { told: expect.stringMatching(told) }),
      rejections: 0,
    })),
  );
});
