// Says in one plain last line what a test run came to, and lets no test be skipped unseen.
//
// A skipped or todo test counts as failed unless test/src/matrix.ts names its suite and says that it does not run on this
// Node. With VIEWCACHE_TEST_SUMMARY set, the counts are also written there as JSON, for test-nodes.mjs and ci.mjs to add up.
import { writeFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

const node = Number.parseInt(process.versions.node, 10);
const notRun = new Set(['pending', 'skipped', 'todo', 'disabled']);

export default class PlainReporter {
  #rootDir;
  #filtered;
  #error;

  constructor(globalConfig) {
    this.#rootDir = globalConfig.rootDir;
    // `jest -t name` leaves tests out because the caller asked for it.
    this.#filtered = Boolean(globalConfig.testNamePattern);
  }

  async onRunComplete(_contexts, results) {
    const mayBeSkipped = await this.#suitesThatMayBeSkipped();
    const counts = { node, passed: results.numPassedTests, failed: results.numFailedTests, skipped: 0 };
    // A file that could not be loaded has no tests to count, yet it failed.
    counts.failed += results.testResults.filter((file) => file.testExecError && file.numFailingTests === 0).length;

    const unlisted = [];
    for (const file of this.#filtered ? [] : results.testResults) {
      const suite = relative(this.#rootDir, file.testFilePath).split(sep).join('/');
      const left = file.testResults.filter((test) => notRun.has(test.status));
      if (mayBeSkipped.has(suite)) counts.skipped += left.length;
      else unlisted.push(...left.map((test) => `${suite}: ${test.fullName}`));
    }
    counts.failed += unlisted.length;

    if (unlisted.length > 0) {
      console.error(
        `\nSkipped, but test/src/matrix.ts does not say so:\n${unlisted.map((it) => `  ${it}`).join('\n')}`,
      );
      this.#error = new Error(`${unlisted.length} skipped tests are not in test/src/matrix.ts`);
    }
    if (counts.skipped > 0) console.log(`${counts.skipped} left out on Node ${node} by test/src/matrix.ts`);
    // Jest holds its own summary back in a buffer; at the exit it is out, and this is the last line.
    process.once('exit', () => console.log(`${counts.passed} passed, ${counts.failed} failed`));
    const { VIEWCACHE_TEST_SUMMARY: summary } = process.env;
    if (summary) writeFileSync(summary, `${JSON.stringify(counts)}\n`);
  }

  /** What makes jest itself exit with an error. */
  getLastError() {
    return this.#error;
  }

  async #suitesThatMayBeSkipped() {
    const { limited } = await import(pathToFileURL(`${this.#rootDir}/test/dist/matrix.js`).href);
    return new Set(limited.filter(({ nodes }) => !nodes.includes(node)).map(({ suite }) => suite));
  }
}
