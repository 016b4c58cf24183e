import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';
import { repository } from './repository.js';

/** A folder of the house, what its files must not import and what they may. */
const floors = [
  {
    folder: 'packages/core/src/http',
    refused: ['../ports/clock.js', '../base/errors.js', '../engine/lead.js', 'node:crypto', 'keyv'],
    allowed: ['./vary.js'],
  },
  {
    folder: 'packages/core/src/http/deeper',
    refused: ['../../ports/clock.js', '../../engine/lead.js'],
    allowed: ['../vary.js'],
  },
  {
    folder: 'packages/core/src/base',
    refused: ['../http/vary.js', '../ports/clock.js', 'node:fs'],
    allowed: ['./errors.js'],
  },
  {
    folder: 'packages/core/src/ports',
    refused: ['../engine/lead.js', '../stores/memory.js', '../node/index.js', '../index.js', 'node:http'],
    allowed: ['../http/vary.js', '../base/errors.js', './clock.js'],
  },
  ...['engine', 'invalidation', 'values'].map((name) => ({
    folder: `packages/core/src/${name}`,
    refused: [
      ...['stores', 'buses', 'locks', 'codecs', 'eviction', 'config', 'telemetry'].map((it) => `../${it}/memory.js`),
      ...['node', 'cache', 'testing'].map((it) => `../${it}/index.js`),
      ...['../index.js', 'node:http', 'keyv', '@viewcache/express'],
    ],
    allowed: ['../http/vary.js', '../ports/clock.js', '../engine/lead.js', '../values/memoize.js', 'node:async_hooks'],
  })),
  ...['stores', 'buses', 'locks', 'codecs', 'eviction', 'config', 'telemetry'].map((name) => ({
    folder: `packages/core/src/${name}`,
    refused: ['../node/index.js', '../cache/create-cache.js', '../testing/index.js', '../index.js', 'node:http'],
    allowed: ['../engine/lead.js', '../eviction/lru.js', 'keyv', 'node:net'],
  })),
  ...['node', 'cache'].map((name) => ({
    folder: `packages/core/src/${name}`,
    refused: ['../testing/index.js', '../index.js', 'express', '@viewcache/express'],
    allowed: ['../engine/lead.js', '../stores/memory.js', 'node:http'],
  })),
  {
    folder: 'packages/core/src/testing',
    refused: ['@jest/globals', '../index.js'],
    allowed: ['../ports/clock.js', '../stores/memory.js'],
  },
  {
    folder: 'packages/express/src',
    refused: ['@viewcache/nestjs', '@viewcache/orm/typeorm', '@viewcache/core/testing', '../../core/src/index.js'],
    allowed: ['@viewcache/core', '@viewcache/core/node', 'express', './cache-page.js'],
  },
  {
    folder: 'packages/nestjs/src',
    refused: ['@viewcache/express', '@viewcache/orm'],
    allowed: ['@viewcache/core', '@nestjs/common'],
  },
  { folder: 'packages/orm/src', refused: ['@viewcache/express', '@viewcache/nestjs'], allowed: ['@viewcache/core'] },
];

const cycle = [
  { path: 'packages/core/src/engine/cycle-a.ts', text: `export * from './cycle-b.js';\n` },
  { path: 'packages/core/src/engine/cycle-b.ts', text: `export * from './cycle-a.js';\n` },
  { path: 'packages/core/src/engine/type-cycle-a.ts', text: `export type { B } from './type-cycle-b.js';\n` },
  {
    path: 'packages/core/src/engine/type-cycle-b.ts',
    text: `import type { B } from './type-cycle-a.js';\nexport interface B { readonly b: B }\nexport type C = B;\n`,
  },
];

const imports = floors.flatMap(({ folder, refused, allowed }) =>
  [...refused, ...allowed].flatMap((source, at) => [
    { path: `${folder}/import-${at}.ts`, text: `import { it } from '${source}';\n`, source },
    { path: `${folder}/type-${at}.ts`, text: `import type { it } from '${source}';\n`, source },
  ]),
);
const tests = { path: 'packages/core/src/http/vary.test.ts', text: `import { it } from '../testing/fake-clock.js';\n` };

describe('the floors of the house, as the linter enforces them', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'viewcache-floors-'));
  afterAll(() => rmSync(scratch, { recursive: true }));
  const refusedFiles = lint(scratch, [...imports, ...cycle, tests]);

  it.each(floors)('$folder imports downwards only', ({ folder, refused }) => {
    const found = imports.filter(({ path }) => dirname(path) === folder && refusedFiles.has(path));
    expect(new Set(found.map(({ source }) => source))).toEqual(new Set(refused));
    expect(found).toHaveLength(refused.length * 2);
  });

  it('refuses an import cycle, of types too', () => {
    for (const { path } of cycle) expect(refusedFiles).toContain(path);
  });

  it('lets a unit test use the test kit', () => {
    expect(refusedFiles).not.toContain(tests.path);
  });
});

/** Runs the linter with the repository's own settings over a tree of such files; says which it refused. */
function lint(scratch: string, files: readonly { path: string; text: string }[]): Set<string> {
  for (const { path, text } of files) {
    mkdirSync(join(scratch, dirname(path)), { recursive: true });
    writeFileSync(join(scratch, path), text);
  }
  const settings = JSON.parse(readFileSync(new URL('biome.json', repository), 'utf8'));
  // The scratch tree is no git repository, so there is no .gitignore to heed.
  writeFileSync(join(scratch, 'biome.json'), JSON.stringify({ ...settings, $schema: undefined, vcs: undefined }));
  const biome = fileURLToPath(new URL('node_modules/@biomejs/biome/bin/biome', repository));
  const rules = ['--only=style/noRestrictedImports', '--only=suspicious/noImportCycles'];
  const { stdout } = spawnSync(
    process.execPath,
    [biome, 'lint', ...rules, '--reporter=json', '--max-diagnostics=none'],
    {
      cwd: scratch,
      encoding: 'utf8',
    },
  );
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { location: { path: string } }[] };
  return new Set(diagnostics.map(({ location }) => location.path));
}
