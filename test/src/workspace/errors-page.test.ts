import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { repository } from './repository.js';

describe('docs/reference/errors.md', () => {
  const page = readFileSync(new URL('docs/reference/errors.md', repository), 'utf8');
  const headings = [...page.matchAll(/^## `?(ERR_CACHE_\w+)/gm)].map(([, code]) => code);

  it('has one heading for each code in the sources, and none that is gone', () => {
    expect([...headings].sort()).toEqual([...codesInSources()].sort());
  });
});

function codesInSources(): Set<string> {
  const packages = new URL('packages/', repository);
  const sources = readdirSync(packages)
    .flatMap((folder) =>
      readdirSync(new URL(`${folder}/src/`, packages), { recursive: true, encoding: 'utf8' }).map(
        (file) => `${folder}/src/${file}`,
      ),
    )
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  return new Set(
    sources.flatMap((file) => readFileSync(new URL(file, packages), 'utf8').match(/ERR_CACHE_[A-Z][A-Z_]*/g) ?? []),
  );
}
