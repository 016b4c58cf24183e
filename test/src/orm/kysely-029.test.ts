import { describe } from '@jest/globals';
import { openRuled } from './kysely-driver.js';
import { kyselyPaths } from './kysely-paths.js';
import { kyselyScenarios } from './kysely-suite.js';
import { holdToRules } from './watch-rules.js';

// Kysely 0.29 does not promise to run on less.
const describeHere = Number.parseInt(process.versions.node, 10) >= 22 ? describe : describe.skip;

describeHere('Kysely 0.29', () => {
  kyselyScenarios('0.29');

  kyselyPaths('0.29');

  describe('watchKysely', () => holdToRules(openRuled('0.29')));
});
