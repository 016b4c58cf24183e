import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const main = fileURLToPath(new URL('../../../examples/write-behind/dist/main.js', import.meta.url));

describe('the example of a counter', () => {
  it('has counted all that was acknowledged, whether it was killed or told to end', async () => {
    const { PORT: _port, DATA: _data, CACHE_URL: _url, ...env } = process.env;
    const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    expect({ errors, code }).toEqual({ errors: '', code: 0 });
    expect(output.trim().split('\n')).toEqual([
      'acknowledged     300 views',
      expect.stringMatching(/^kill -9 {10}the database has \d+ of them$/),
      'started again    it counts 300 views',
      'SIGTERM          the database has 300 of them',
    ]);
  });
});
