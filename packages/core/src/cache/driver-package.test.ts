import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigError } from '../base/errors.js';
import { checkDriver, importFromApp, requireDrivers } from './driver-package.js';

describe('a driver’s package', () => {
  let app = '';

  beforeAll(() => {
    app = mkdtempSync(join(tmpdir(), 'viewcache-app-'));
    const install = (name: string, manifest: object) => {
      mkdirSync(join(app, 'node_modules', name), { recursive: true });
      writeFileSync(join(app, 'node_modules', name, 'package.json'), JSON.stringify({ name, ...manifest }));
      writeFileSync(join(app, 'node_modules', name, 'index.js'), 'exports.its = "here";');
    };
    install('old-style', { main: 'index.js' });
    install('only-import', { exports: { import: './index.js' } });
  });
  afterAll(() => rmSync(app, { recursive: true, force: true }));

  it.each(['old-style', 'only-import'])('is found where the app has it: %s', (name) => {
    expect(() => requireDrivers('redis:', [name], [import.meta.url, join(app, 'package.json')])).not.toThrow();
  });

  it('is asked for by the name of the setting that needs it, with the command that installs it', () => {
    expect(() => requireDrivers('redis:', ['no-such-driver'], [import.meta.url], 'through.queue')).toThrow(
      "through.queue: 'redis:' needs no-such-driver, which is not installed; use npm install no-such-driver",
    );
    expect(() => requireDrivers('redis:', ['no-such-a', 'no-such-b'], [import.meta.url], 'through.queue')).toThrow(
      "through.queue: 'redis:' needs no-such-a and no-such-b, which are not installed; use npm install no-such-a no-such-b",
    );
  });

  it('is imported from there, and is not where it is not', async () => {
    const from = join(app, 'package.json');
    expect(await importFromApp('old-style', from)).toMatchObject({ its: 'here' });
    await expect(importFromApp('no-such-driver', from)).rejects.toThrow();
  });

  it('is missing at start-up, with the command that installs it', () => {
    const missing = () => requireDrivers('redis:', ['@viewcache/no-such-driver'], [import.meta.url, join(app, 'x.js')]);
    expect(missing).toThrow(ConfigError);
    expect(missing).toThrow(
      "store: 'redis:' needs @viewcache/no-such-driver, which is not installed; use npm install @viewcache/no-such-driver",
    );
  });

  it('is not looked for where nobody needs one', () => {
    expect(() => checkDriver({ kind: 'memory' })).not.toThrow();
    expect(() => checkDriver({ kind: 'redis', target: { form: 'given', client: {} } })).not.toThrow();
  });
});
