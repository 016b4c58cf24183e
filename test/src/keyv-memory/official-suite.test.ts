import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import officialSuite, { keyvIteratorTests } from '@keyv/test-suite';
import { memoryStore } from '@viewcache/core/keyv-memory';
import { Keyv } from 'keyv';
import { Keyv as Keyv6 } from 'keyv6';

/** What the suite takes for vitest: the functions of the runner, and a context with `expect`. */
function runner(except: readonly string[] = []) {
  const withContext = (run: (context: object) => unknown) => async () => void (await run({ expect }));
  return {
    beforeEach,
    afterEach,
    it(name: string, run: (context: object) => unknown) {
      if (!except.includes(name)) it(name, withContext(run));
    },
  };
}

type Suite = (test: object, Keyv: unknown, store: () => unknown) => void;
const suites = [officialSuite, keyvIteratorTests] as unknown as readonly Suite[];

describe('the official suite of Keyv 5 (@keyv/test-suite 2.1.2)', () => {
  for (const run of suites) run(runner(), Keyv, () => memoryStore());
});

describe('the official suite of Keyv 5, where every Keyv shares one memory', () => {
  const store = memoryStore();
  // It sets an option of a Keyv on `store()`, and goes on with another one.
  for (const run of suites) run(runner(), Keyv, () => store.share());
});

describe('the official suite with Keyv 6, which has none of its own yet', () => {
  // What Keyv 6 does otherwise with any store: a list of answers, and false in place of an error.
  const otherwise = [
    '.deleteMany([keys]) with nonexistent keys resolves to false',
    'value can not be symbol',
    'value can be BigInt using other serializer/deserializer',
  ];
  const store = memoryStore();
  for (const run of suites) run(runner(otherwise), Keyv6, () => store.share());
});
