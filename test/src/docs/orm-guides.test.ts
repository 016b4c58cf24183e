import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { publicNames } from '../workspace/declarations.js';
import { repository } from '../workspace/repository.js';

const read = (path: string): string => readFileSync(new URL(path, repository), 'utf8');

const guides = readdirSync(new URL('docs/guides/orm/', repository)).map((file) => `docs/guides/orm/${file}`);
const { exports: entries } = JSON.parse(read('packages/orm/package.json')) as { readonly exports: object };
const libraries = Object.keys(entries)
  .map((entry) => entry.slice('./'.length))
  .filter((name) => name !== '' && name !== 'package.json');

/** Where PostgreSQL itself is listened to, whatever the app writes by. */
const elsewhere: Readonly<Record<string, string>> = { 'postgres-notify': 'docs/guides/writes-outside-the-app.md' };
const guideOf = (library: string): string => elsewhere[library] ?? `docs/guides/orm/${library}.md`;

const examples = readdirSync(new URL('examples/', repository)).filter((name) =>
  existsSync(new URL(`examples/${name}/package.json`, repository)),
);

describe('the row of ORMs in README', () => {
  const row = /^\| ORMs \|.*$/m.exec(read('README.md'))?.[0] ?? '';
  const linked = Array.from(row.matchAll(/\]\(([^)]+)\)/g), ([, link]) => link);

  it('has each guide about one, and each entry point has a guide', () => {
    expect(libraries.length).toBeGreaterThan(10);
    expect(libraries.map(guideOf).filter((guide) => !linked.includes(guide))).toEqual([]);
    expect([...guides, ...Object.values(elsewhere)].sort()).toEqual(libraries.map(guideOf).sort());
  });

  it('has what is about all of them', () => {
    const pages = ['guides/automatic-invalidation', 'guides/explaining-an-invalidation', 'reference/orm'];
    expect(linked).toEqual(expect.arrayContaining(pages.map((page) => `docs/${page}.md`)));
  });

  it('has each app to try that watches something', () => {
    const watching = examples.filter((name) => read(`examples/${name}/package.json`).includes('"@viewcache/orm"'));
    expect(watching.length).toBeGreaterThan(5);
    expect(watching.filter((name) => !linked.includes(`examples/${name}/README.md`))).toEqual([]);
  });
});

describe('docs/guides/automatic-invalidation.md', () => {
  const section = read('docs/guides/automatic-invalidation.md').split(/^## /m);
  const which = section.find((text) => text.startsWith('Which one\n')) ?? '';

  it.each(libraries)('says of %s which one to watch', (library) => {
    const file = new URL(`packages/orm/dist/${library}/index.d.ts`, repository);
    const watches = publicNames(file, (it) => readFileSync(it, 'utf8')).filter(({ name }) => /^watch[A-Z]/.test(name));
    expect(watches.map(({ name }) => which.includes(`\n| \`${name}(`))).toEqual([true]);
  });
});

describe('the guides about ORMs and drivers', () => {
  it.each(guides)('%s links an app to try, and says how Nest has it', (guide) => {
    const text = read(guide);
    expect(text).toMatch(/\]\(\.\.\/\.\.\/\.\.\/examples\/[\w-]+\/README\.md\)/);
    expect(text).toMatch(/^## With Nest$/m);
  });
});

describe('the apps to try', () => {
  it.each(examples)('%s is started by npm start, in its folder, and by nothing in front of it', (name) => {
    const { scripts } = JSON.parse(read(`examples/${name}/package.json`)) as {
      readonly scripts?: Readonly<Record<string, string>>;
    };
    expect(scripts).toEqual({ prestart: 'npm --prefix ../.. run build', start: 'node dist/main.js' });
    const [first = ''] = /^(?: {4}\S.*\n)+/m.exec(read(`examples/${name}/README.md`)) ?? [];
    expect(first).toMatch(/^ {4}npm start .*in this folder/);
    expect(read(`examples/${name}/README.md`)).not.toContain('npm install');
  });
});
