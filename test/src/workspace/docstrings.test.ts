import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { publicNames } from './declarations.js';
import { repository } from './repository.js';

/** Every entry point of every package, as its package.json names it. */
const entryPoints = readdirSync(new URL('packages/', repository)).flatMap((folder) => {
  const root = new URL(`packages/${folder}/`, repository);
  const { name, exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
    name: string;
    exports: Record<string, string | { types: string }>;
  };
  return Object.entries(exports).flatMap(([path, target]) =>
    typeof target === 'string' ? [] : [{ entry: name + path.slice(1), file: new URL(target.types, root) }],
  );
});

describe('the public names', () => {
  it.each(entryPoints)('of $entry are all documented', ({ file }) => {
    const names = publicNames(file, (it) => readFileSync(it, 'utf8'));
    const bare = names.filter(({ documented }) => !documented);
    expect(bare.map(({ name, from }) => `${name} (${from.slice(repository.href.length)})`)).toEqual([]);
  });

  it('are found wherever they are declared', () => {
    const files: Record<string, string> = {
      'index.d.ts': `
import { passedOn } from './deep.js';
export { plain, type Shape as Form } from './deep.js';
export type { Bare } from './deep.js';
export * from './all.js';
export { passedOn };
export { external } from 'elsewhere';
/** Says something. */
export declare const here: number;
export declare function bareHere(): void;
export {};`,
      'deep.d.ts': `
/** Plain. */
export declare function plain(): void;
export declare function plain(value: string): void;
/**
 * A shape, as in '/users/*'.
 */
export interface Shape {
}
export type Bare = 1;
/** @internal */
export declare const passedOn: 1;`,
      'all.d.ts': `
/* No doc comment. */
export declare abstract class Starred {
}
/** Hidden. */
declare class Hidden {
}
export { Hidden as Shown };`,
    };
    const names = publicNames(new URL('file:///index.d.ts'), (file) => files[file.pathname.slice(1)] ?? '');
    expect(Object.fromEntries(names.map(({ name, documented }) => [name, documented]))).toEqual({
      plain: true,
      Form: true,
      Bare: false,
      Starred: false,
      Shown: true,
      passedOn: false,
      external: true,
      here: true,
      bareHere: false,
    });
  });
});
