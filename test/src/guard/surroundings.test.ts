import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { Row } from './surroundings.js';

const require = createRequire(import.meta.url);
const traced = fileURLToPath(new URL('./surroundings-traced.js', import.meta.url));
const bundled = fileURLToPath(new URL('./surroundings-bundled.js', import.meta.url));

/** Runs a program of Node to its end and returns what it says. */
function run(...args: string[]): string {
  const env = { ...process.env, NODE_ENV: 'production', NODE_OPTIONS: '' };
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim().split('\n').at(-1) ?? '';
}

const rows: readonly Row[] = [
  ['nothing', 'cached', 'header cookie', 200],
  ['cookie-parser', 'cached', 'req.cookies', 200],
  ['express-session', 'cached', 'req.session', 200],
  ['passport.session()', 'cached', 'req.user', 200],
  ['a gate', 'header cookie', 'header cookie', 403],
  ['a gate around cookie-parser', 'req.cookies', 'req.cookies', 403],
  ['a declared loader', 'cached', 'req.visitor', 200],
];

describe('middleware inside a cached part', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'viewcache-bundle-'));
  afterAll(() => rmSync(scratch, { recursive: true }));

  it.each(['express', 'express4'])('is told apart with OpenTelemetry around it: %s', (name) => {
    expect(JSON.parse(run(traced, name))).toEqual({ rows, isTraced: true });
  });

  it.each([[[]], [['--minify']]])(
    'is told apart in a bundle, where nothing says which package it is of: %p',
    (flags) => {
      const out = join(scratch, `bundle${flags.join('')}.mjs`);
      const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
      run(
        require.resolve('esbuild/bin/esbuild'),
        bundled,
        ...['--bundle', '--platform=node', '--format=esm', '--log-level=error', `--banner:js=${banner}`, ...flags],
        `--outfile=${out}`,
      );
      // A strategy that reads the session alone may be one of the app's own there: only two loaders are known by what they leave.
      const inBundle = rows.map((row) =>
        row[0] === 'passport.session()' ? [row[0], 'req.session', 'req.session', 200] : row,
      );
      expect(JSON.parse(run(out))).toEqual(inBundle);
    },
  );
});
