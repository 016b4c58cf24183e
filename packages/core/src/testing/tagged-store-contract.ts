import { carefulPuts } from './tagged-store/careful-puts.js';
import type { Chapter, Runner, SharedStoreFixture } from './tagged-store/chapter.js';
import { invalidations } from './tagged-store/invalidations.js';
import { losses } from './tagged-store/losses.js';
import { namespaces } from './tagged-store/namespaces.js';
import { puts } from './tagged-store/puts.js';
import { responses } from './tagged-store/responses.js';
import { severalKeys } from './tagged-store/several-keys.js';

/**
 * What every {@link TaggedStore} must hold to, whatever it stands on: the parts of PROTOCOL that can be told by asking.
 *
 * Defines tests with the runner's own functions. Each test opens a store of its own.
 *
 * @param open - opens a store with nothing in it
 *
 * @example
 * ```ts
 * taggedStoreContract('my store', { describe, it, expect }, async () => ({
 *   join: (namespace) => myStore(url, namespace),
 *   close: () => server.stop(),
 * }));
 * ```
 */
export function taggedStoreContract(name: string, runner: Runner, open: () => Promise<SharedStoreFixture>): void {
  const chapter: Chapter = {
    it: (what, test) =>
      runner.it(what, async () => {
        const fixture = await open();
        const store = await fixture.join();
        try {
          await test(fixture, store);
        } finally {
          await store.close();
          await fixture.close();
        }
      }),
    expect: (received) => runner.expect(received),
  };
  for (const [of, define] of CHAPTERS) runner.describe(`${name}: ${of}`, () => define(chapter));
}

const CHAPTERS: readonly [string, (chapter: Chapter) => void][] = [
  ['a response', responses],
  ['an invalidation', invalidations],
  ['several keys', severalKeys],
  ['a value that is put', puts],
  ['a value that is put only where nothing has changed', carefulPuts],
  ['what is lost', losses],
  ['a namespace', namespaces],
];
