import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ConfigError, createCache } from '@viewcache/core';
import { cachePage, fragments, fragmentsOf } from '@viewcache/express';
import { publicNames } from '../workspace/declarations.js';
import { repository } from '../workspace/repository.js';

const read = (path: string): string => readFileSync(new URL(path, repository), 'utf8');

describe('docs/reference/options.md', () => {
  const [, cachePageText = '', createCacheText = ''] = read('docs/reference/options.md').split(/^## /m);

  it.each([
    ['cachePage', cachePageText, () => cachePage({ ttl: 1, nonsense: 1 } as never)],
    ['createCache', createCacheText, () => createCache({ nonsense: 1 } as never)],
  ])('has a heading for each option of %s, and none that is gone', async (name, text, refuse) => {
    expect(text.startsWith(name)).toBe(true);
    const headings = Array.from(text.matchAll(/^### (\w+)$/gm), ([, heading]) => heading);
    expect(headings.sort()).toEqual((await knownOptions(refuse)).sort());
  });
});

describe('what an error says, in docs/reference/options.md', () => {
  it('is what it says', () => {
    expect(() => cachePage('300')).toThrow(ConfigError);
    const [, shown = ''] = /^ {4}(cachePage\.ttl: .*)$/m.exec(read('docs/reference/options.md')) ?? [];
    expect(() => cachePage('300')).toThrow(new Error(shown));
  });
});

describe('docs/reference/events-and-stats.md', () => {
  const page = read('docs/reference/events-and-stats.md');
  const sink = read('packages/core/src/ports/event-sink.ts');
  const reasons = [
    ...wordsOf(sink, 'Refusal'),
    ...wordsOf(read('packages/core/src/http/storable.ts'), 'NotStoredReason'),
  ];
  const types = Array.from(sink.matchAll(/readonly type: '([\w-]+)'/g), ([, type = '']) => type);
  const fields = Array.from(
    /interface CacheStats \{(.*?)\n\}/s
      .exec(read('packages/core/src/telemetry/telemetry.ts'))?.[1]
      ?.matchAll(/readonly (\w+):/g) ?? [],
    ([, field = '']) => field,
  );

  it.each([
    ['reason of a refusal', 'Why a response was not stored', reasons, 20],
    ['event', 'Events', types, 8],
    ['statistic', 'Statistics', fields, 12],
  ])('names every %s', (_what, heading, names, atLeast) => {
    expect(names.length).toBeGreaterThan(atLeast);
    const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? '';
    const firstCells = Array.from(section.matchAll(/^\| ([^|]+)\|/gm), ([, cell]) => cell).join('\n');
    expect(names.filter((name) => !firstCells.includes(`\`${name}\``))).toEqual([]);
  });
});

describe('docs/reference/invalidation-protocol.md', () => {
  const page = read('docs/reference/invalidation-protocol.md');

  it('has a section for each number that a comment or a decision cites', () => {
    const cited = sources().flatMap((text) =>
      Array.from(
        text.matchAll(/PROTOCOL ([\d., and]+)/g),
        ([, numbers = '']) => numbers.match(/\d+\.\d+/g) ?? [],
      ).flat(),
    );
    const sections = Array.from(page.matchAll(/^## (\d+\.\d+) /gm), ([, section]) => section);
    expect(new Set(cited).size).toBeGreaterThan(5);
    expect([...new Set(cited)].filter((number) => !sections.includes(number))).toEqual([]);
  });

  it('names each wrong way that a double is made of', () => {
    const doubles = [
      'test/src/races/doubles.ts',
      'test/src/strategies/write-races.test.ts',
      'packages/core/src/stores/memcached/memcached-races.test.ts',
      'test/src/stores/memcached-protocol.test.ts',
      'test/src/stores/memcached-faults.test.ts',
    ].flatMap((file) => read(file).match(/\bT\d+\b/g) ?? []);
    const rows = Array.from(page.matchAll(/^\| (T\d+) \|/gm), ([, row]) => row);
    expect(rows.sort()).toEqual([...new Set(doubles)].sort());
  });
});

describe('docs/reference/values.md', () => {
  const [, ...sections] = read('docs/reference/values.md').split(/^## /m);
  const cache = createCache();
  const methods = read('packages/core/dist/cache/value-cache.d.ts').matchAll(/^ {4}(\w+)[<(]/gm);

  it('has a heading for each call, and none that is gone', () => {
    const calls = sections.flatMap((text) => /^.*$/m.exec(text)?.[0].match(/(?<=cache\.)\w+/g) ?? []);
    // They stand with the namespaces, whose calls they are.
    expect([...calls, 'clear', 'invalidate'].sort()).toEqual(
      [...new Set(Array.from(methods, ([, name]) => name))].sort(),
    );
  });

  it.each([
    ['getOrSet', () => cache.getOrSet('k', () => 1, { nonsense: 1 } as never)],
    ['get', () => cache.get('k', { nonsense: 1 } as never)],
    ['set', () => cache.set('k', 1, { nonsense: 1 } as never)],
    ['add', () => cache.add('k', 1, { nonsense: 1 } as never)],
    ['increment', () => cache.increment('k', 1, { nonsense: 1 } as never)],
    ['memoize', () => cache.memoize(() => 1, { nonsense: 1 } as never)],
  ])('has a row for each option of %s, and none that is gone', async (name, refuse) => {
    const section = sections.find((text) => new RegExp(`^cache\\.${name}\\b`).test(text)) ?? '';
    const table = /^\| Option \|.*?\n\n/ms.exec(section)?.[0] ?? '';
    const options = Array.from(table.matchAll(/^\| (`.*?`) \|/gm), ([, cell = '']) => cell.match(/\w+/g) ?? []).flat();
    expect(options.sort()).toEqual((await knownOptions(refuse)).sort());
  });

  it('names each error that a call about a value can end in', () => {
    const codes = read('packages/core/src/base/value-errors.ts').match(/ERR_CACHE_\w+/g) ?? [];
    expect(codes.length).toBeGreaterThan(2);
    expect(codes.filter((code) => !sections.join('').includes(`errors.md#${code.toLowerCase()}`))).toEqual([]);
  });
});

describe('docs/reference/strategies.md', () => {
  const page = read('docs/reference/strategies.md');

  it.each([['write-behind']])('has a row for each option of %s, and none that is gone', async (mode) => {
    const tables = page.match(/^\| Option \|.*?\n\n/gms) ?? [];
    const cells = Array.from(tables.join('').matchAll(/^\| (`.*?`) \|/gm), ([, cell = '']) => cell.match(/\w+/g) ?? []);
    const options = await knownOptions(() => createCache().through({ mode, nonsense: 1 } as never));
    expect(cells.flat().sort()).toEqual(options.sort());
  });
});

describe('docs/reference/fragments.md', () => {
  it('has a row for each option of fragments, and none that is gone', async () => {
    const table = read('docs/reference/fragments.md').match(/^\| Option \|.*?\n\n/ms)?.[0] ?? '';
    const options = await knownOptions(() => fragments({ nonsense: 1 } as never));
    expect(Array.from(table.matchAll(/^\| `(\w+)` \|/gm), ([, name]) => name).sort()).toEqual(options.sort());
  });

  it('has a row for each setting of a fragment, and none that is gone', async () => {
    const table = read('docs/reference/fragments.md').match(/^\| Setting \|.*?\n\n/ms)?.[0] ?? '';
    const settings = await knownOptions(() => fragmentsOf({})('name', { nonsense: 1 } as never, () => ''));
    expect(Array.from(table.matchAll(/^\| `(\w+)` \|/gm), ([, name]) => name).sort()).toEqual(settings.sort());
  });
});

describe('docs/reference/warming.md', () => {
  it('has a row for each option of cache.warm, and none that is gone', async () => {
    const table = read('docs/reference/warming.md').match(/^\| Option \|.*?\n\n/ms)?.[0] ?? '';
    const options = await knownOptions(() => createCache().warm([], { nonsense: 1 } as never));
    expect(Array.from(table.matchAll(/^\| `(\w+)` \|/gm), ([, name]) => name).sort()).toEqual(options.sort());
  });
});

describe('docs/reference/api.md and docs/reference/values.md', () => {
  const page = read('docs/reference/api.md') + read('docs/reference/values.md');

  it.each([
    ['@viewcache/core', 'packages/core/dist/index.d.ts'],
    ['@viewcache/core/keyv-memory', 'packages/core/dist/keyv-memory/index.d.ts'],
    ['@viewcache/core/testing', 'packages/core/dist/testing/index.d.ts'],
    ['@viewcache/express', 'packages/express/dist/index.d.ts'],
  ])('name everything that %s exports', (_entry, file) => {
    const names = publicNames(new URL(file, repository), (it) => readFileSync(it, 'utf8')).map(({ name }) => name);
    const isNamed = (name: string) => new RegExp(`(?:^#+ .*\\b|\`)${name}\\b`, 'm').test(page);
    expect(names.filter((name) => !isNamed(name))).toEqual([]);
  });
});

describe('docs/reference/nestjs.md', () => {
  const page = read('docs/reference/nestjs.md');

  it.each(['index', 'express', 'compat'])('names everything that the entry point %s exports', (entry) => {
    const file = new URL(`packages/nestjs/dist/${entry}.d.ts`, repository);
    const names = publicNames(file, (it) => readFileSync(it, 'utf8')).map(({ name }) => name);
    expect(names.length).toBeGreaterThan(0);
    const isNamed = (name: string) => new RegExp(`(?:^#+ .*\\b|\`@?)${name}\\b`, 'm').test(page);
    expect(names.filter((name) => !isNamed(name))).toEqual([]);
  });
});

describe('docs/reference/orm.md', () => {
  const page = read('docs/reference/orm.md');

  it.each(['index', 'pg/index'])('names everything that the entry point %s exports', (entry) => {
    const file = new URL(`packages/orm/dist/${entry}.d.ts`, repository);
    const names = publicNames(file, (it) => readFileSync(it, 'utf8')).map(({ name }) => name);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !new RegExp(`(?:^#+ .*\\b|\`)${name}\\b`, 'm').test(page))).toEqual([]);
  });

  it('lists every option of watchPg', () => {
    const source = read('packages/orm/src/source/read-options.ts');
    const options = Array.from(
      /const OPTIONS = \[(.*?)\]/s.exec(source)?.[1]?.matchAll(/'(\w+)'/g) ?? [],
      ([, name]) => name,
    );
    expect(options.length).toBeGreaterThan(5);
    expect(options.filter((name) => !page.includes(`| \`${name}\` |`))).toEqual([]);
  });
});

/** The options that a function knows, as its error lists them. */
async function knownOptions(refuse: () => unknown): Promise<string[]> {
  try {
    await refuse();
  } catch (error) {
    if (error instanceof ConfigError) return error.allowed.replace(/^only /, '').split(', ');
  }
  throw new Error('an unknown option was not refused');
}

/** The words of a union of string literals. */
function wordsOf(source: string, type: string): string[] {
  const code = source.replace(/\/\*\*.*?\*\//gs, '');
  const union = new RegExp(`type ${type} =(.*?);`, 's').exec(code)?.[1] ?? '';
  return Array.from(union.matchAll(/'([\w-]+)'/g), ([, word = '']) => word);
}

/** Everything a comment or a decision may stand in. */
function sources(): string[] {
  return ['packages/core/src/', 'packages/express/src/', 'test/src/', 'docs/decisions/'].flatMap((folder) =>
    readdirSync(new URL(folder, repository), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|md)$/.test(file))
      .map((file) => read(folder + file)),
  );
}
