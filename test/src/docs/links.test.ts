import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { repository } from '../workspace/repository.js';
import { pages } from './samples.js';

describe('the links of the documentation', () => {
  it.each(pages())('in %s lead somewhere', (page) => {
    const broken = linksOf(page).filter((link) => !leadsSomewhere(page, link));
    expect(broken).toEqual([]);
  });
});

/** Relative links only: what others publish is not ours to test. */
function linksOf(page: string): string[] {
  const text = readFileSync(new URL(page, repository), 'utf8').replace(/^```.*?^```$/gms, '');
  return Array.from(text.matchAll(/\]\(([^)]+)\)/g), ([, link = '']) => link).filter((link) => !/^https?:/.test(link));
}

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#', 2);
  const target = path === '' ? new URL(page, repository) : new URL(path, new URL(page, repository));
  if (!existsSync(target)) return false;
  return anchor === undefined || anchorsOf(readFileSync(target, 'utf8')).has(anchor);
}

/** Anchors as code hosts make them from headings: of those that are alike, the later ones are numbered. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of text.replace(/^```.*?^```$/gms, '').matchAll(/^#+ (.*)$/gm)) {
    const name = heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-');
    let anchor = name;
    for (let number = 1; anchors.has(anchor); number++) anchor = `${name}-${number}`;
    anchors.add(anchor);
  }
  return anchors;
}
