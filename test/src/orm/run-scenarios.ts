import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Cache, createCache } from '@viewcache/core';
import type { ScenarioDriver } from './driver.js';
import { type Scenario, SINGLE, TRANSACTIONS } from './scenarios.js';
import { ViewsSite } from './views-site.js';

/** How a test file opens what it measures. */
export interface Opened {
  readonly driver: ScenarioDriver;
  /** Writes the tables anew, by a connection that nobody watches. */
  seed(): Promise<unknown>;
}

/**
 * Runs every scenario for a driver: each view is stored, something is written, and exactly the views that show it run again.
 *
 * @param lacks - scenarios that the driver has no path for; a driver that says so of one that it has fails
 */
export function runScenarios(open: (cache: Cache) => Promise<Opened>, lacks: readonly string[] = []): void {
  let cache: Cache;
  let site: ViewsSite;
  let opened: Opened;

  beforeAll(async () => {
    cache = createCache();
    opened = await open(cache);
    site = await ViewsSite.open(cache, opened.driver.reads);
  });

  afterAll(async () => {
    await site.close();
    await opened.driver.close();
    await cache.close();
  });

  beforeEach(async () => {
    await opened.seed();
    await cache.purge({ all: true });
    // Where the scenario before has changed tables, they are being read anew, and nothing is stored until they are known.
    for (let asked = 1; asked < 100 && (await site.ran()).length > 0; asked++);
    expect(await site.ran()).toEqual([]);
  });

  describe.each([
    ['one statement', SINGLE],
    ['transactions', TRANSACTIONS],
  ])('%s', (_, scenarios: readonly Scenario[]) => {
    const ours = scenarios.filter(({ id }) => !lacks.includes(id));
    it.each(ours)('$id: $what drops $drops and nothing else', async ({ drops, write }) => {
      await write(opened.driver);
      expect((await site.ran()).sort()).toEqual([...drops].sort());
    });
  });

  it('says of each scenario that it leaves out why', () => {
    expect(Object.keys(opened.driver.lacks).sort()).toEqual([...lacks].sort());
  });
}
