import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

describe('the test helpers under node:test', () => {
  it('hold and fail as they do under any other runner', () => {
    const file = fileURLToPath(new URL('./with-node-test.js', import.meta.url));
    // Jest's own environment would have the child report to a parent that does not listen.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const { stdout, status } = spawnSync(process.execPath, ['--test', '--test-reporter=tap', file], {
      encoding: 'utf8',
      env,
    });
    expect(stdout).toMatch(/^# pass 2$/m);
    expect(stdout).toMatch(/^# fail 1$/m);
    expect(stdout).toContain(
      'expected a hit, but the handler ran: nothing was stored for this URI, of which host and port are a part. ' +
        'Cache-Status: viewcache; fwd=uri-miss; stored',
    );
    expect(status).toBe(1);
  });
});
