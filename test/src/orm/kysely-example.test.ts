import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const main = fileURLToPath(new URL('../../../examples/kysely/dist/main.js', import.meta.url));

describe('the example with Kysely', () => {
  it('runs the pages again that read what was written, and no others', async () => {
    const { CACHE_URL: _url, PORT: _port, ...env } = process.env;
    const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    expect({ errors, code }).toEqual({ errors: '', code: 0 });
    const [before, after] = output.split(/^PUT .*\n/m).map((part) => part.trim().split('\n'));
    expect(before).toEqual([
      expect.stringMatching(/^GET \/authors\/1 .*stored .*"Lispector"/),
      expect.stringMatching(/^GET \/authors\/1 .*hit.*"Lispector"/),
      expect.stringMatching(/^GET \/authors\/2 .*stored/),
      expect.stringMatching(/^GET \/books .*stored/),
      expect.stringMatching(/^GET \/books .*hit.*"Lispector"/),
    ]);
    expect(after).toEqual([
      expect.stringMatching(/^GET \/authors\/1 .*stored .*"Clarice Lispector"/),
      expect.stringMatching(/^GET \/authors\/2 .*hit/),
      expect.stringMatching(/^GET \/books .*stored .*"Clarice Lispector"/),
    ]);
  });
});
