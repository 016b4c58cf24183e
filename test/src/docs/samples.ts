import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { repository } from '../workspace/repository.js';

/** One block of TypeScript in the documentation. */
export interface Sample {
  /** `readme`, where the block says ` ```ts sample=readme `; else the page and the line it begins in. */
  readonly name: string;
  readonly code: string;
  /** `sample`: an app, to be asked through what it exports. `run`: a program, or tests, to be run as printed. `file`: what others import. */
  readonly kind: 'sample' | 'run' | 'file' | undefined;
  /** About NestJS, as its page is, or what it imports. */
  readonly isNest: boolean;
}

/** Where samples are written and compiled: inside this package, so that they find its dependencies. */
export const samplesFolder: URL = new URL('test/dist/docs-samples/', repository);

/** Where those of pages about NestJS are, whose decorators are TypeScript's. */
const nestFolder = new URL('nestjs/', samplesFolder);

/** Pages with samples, seen from the root of the repository. */
export function pages(): string[] {
  const documents = ['', 'docs/guides/', 'docs/guides/orm/', 'docs/reference/'];
  const folders = [...documents, ...['core', 'express', 'nestjs', 'orm'].map((name) => `packages/${name}/`)];
  return folders.flatMap((folder) =>
    readdirSync(new URL(folder || '.', repository))
      .filter((file) => file.endsWith('.md') && file !== 'CONTRIBUTING.md')
      .map((file) => folder + file),
  );
}

/** All samples of a page. A block that is not meant to compile calls itself something else than `ts`. */
export function samplesOf(page: string): Sample[] {
  const text = readFileSync(new URL(page, repository), 'utf8');
  const blocks = text.matchAll(/^```ts(?: (sample|run|file)=([\w-]+))?\n(.*?)^```$/gms);
  return Array.from(blocks, ({ 1: kind, 2: name, 3: code = '', index }) => {
    const line = text.slice(0, index).split('\n').length;
    const place = `${page.replaceAll('/', '-').replace('.md', '')}-${line}`;
    return {
      name: name ?? place,
      code,
      kind: kind as Sample['kind'],
      isNest: /nest/.test(page) || /from '@nestjs\//.test(code),
    };
  });
}

/** Writes samples as modules that a compiler and a runner can take, with what they may assume. */
export function writeSamples(samples: readonly Sample[]): void {
  rmSync(samplesFolder, { recursive: true, force: true });
  mkdirSync(nestFolder, { recursive: true });
  for (const file of ['globals.d.ts', 'cities.ts', 'nestjs/globals.d.ts']) {
    copyFileSync(new URL(`test/docs-samples/${file}`, repository), new URL(file, samplesFolder));
  }
  // Engines that have no types of their own.
  for (const file of ['ejs.d.ts', 'engines.d.ts'])
    for (const folder of [samplesFolder, nestFolder])
      copyFileSync(new URL(`test/src/support/${file}`, repository), new URL(file, folder));
  // Beside a sample there is what a command of its library has written.
  for (const folder of [samplesFolder, nestFolder])
    cpSync(new URL('test/docs-samples/generated/', repository), new URL('generated/', folder), { recursive: true });
  for (const { name, code, kind, isNest } of samples) {
    // A sample that runs is asked through its app: no test may take port 3000.
    const body =
      kind === 'sample'
        ? `${code.replace(/^(?:await )?(?:createServer\(app\)|app)\.listen\(3000\);.*$/m, '')}\nexport { app };\n`
        : code;
    writeFileSync(new URL(`${name}.ts`, isNest ? nestFolder : samplesFolder), `${body}\nexport {};\n`);
  }
  const compilerOptions = { composite: false, declaration: false, declarationMap: false, sourceMap: false };
  const settings = { extends: '../../../tsconfig.base.json', compilerOptions, include: ['.'], exclude: ['nestjs'] };
  writeFileSync(new URL('tsconfig.json', samplesFolder), JSON.stringify(settings));
  const decorators = { experimentalDecorators: true, emitDecoratorMetadata: true };
  const nest = { extends: '../tsconfig.json', compilerOptions: decorators, include: ['.'], exclude: [] };
  writeFileSync(new URL('tsconfig.json', nestFolder), JSON.stringify(nest));
}

/** The projects that the samples are, as a compiler is told of them. */
export const projects: readonly string[] = [samplesFolder, nestFolder].map((folder) => fileURLToPath(folder));

/** The compiler of this repository. */
export const compiler: string = fileURLToPath(new URL('node_modules/typescript/bin/tsc', repository));
