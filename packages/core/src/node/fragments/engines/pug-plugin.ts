import { basename, isAbsolute, relative } from 'node:path';
import { ConfigError } from '../../../base/errors.js';
import { textDigest } from '../text-digest.js';

/** What the mixin of a template calls. */
export const PUG_FRAGMENT = 'pug_viewcache_fragment';

/** A node of what Pug has read of a template, as far as it is looked at. */
interface PugNode {
  readonly type: string;
  readonly name?: string;
  readonly call?: boolean;
  readonly filename?: string;
  readonly line?: number;
  readonly column?: number;
  args?: string | null;
  nodes?: PugNode[];
  readonly [part: string]: unknown;
}

/** What Pug asks on its way from texts to code. */
interface PugPlugin {
  /** Of each file, before it is read. */
  preLex(text: string, from: { readonly filename?: string }): string;
  /** Before it makes code of a template, all that it includes and extends being in it. */
  preCodeGen(ast: PugNode): PugNode;
}

/** A file by its name below the folder of the templates, wherever the app has been put this time. */
function nameOf(file: string, roots: readonly string[]): string {
  const below = roots.map((root) => relative(root, file)).find((path) => !path.startsWith('..') && !isAbsolute(path));
  return below ?? basename(file);
}

/**
 * Gives templates the mixin `cache`, whose block is rendered into a text of its own. Each call is told where it stands: for the
 * compilation of one template.
 *
 * @param isSelf - templates find what they are given on `self`
 * @param roots - the folders of the templates
 */
export function pugPlugin(isSelf: boolean, roots: readonly string[]): PugPlugin {
  const texts = new Map<string | undefined, string>();
  return {
    preLex(text, { filename }) {
      texts.set(filename, textDigest(text));
      return text;
    },
    preCodeGen(ast) {
      const all = [...nodesIn(ast)];
      // Somebody's own mixin of the name is his.
      if (all.some(({ type, name, call }) => type === 'Mixin' && name === 'cache' && call !== true)) return ast;
      const calls = all.filter(({ type, name }) => type === 'Mixin' && name === 'cache');
      if (calls.length === 0) return ast;
      for (const call of calls) {
        const file = nameOf(call.filename ?? '', roots);
        checkAttributes(call, `${file}:${call.line}`);
        const place = JSON.stringify(`pug ${file} ${texts.get(call.filename) ?? ''} ${call.line}:${call.column}`);
        call.args = [place, ...(call.args ? [call.args] : [])].join(', ');
      }
      ast.nodes = [mixin(isSelf), ...(ast.nodes ?? [])];
      return ast;
    },
  };
}

/** A second pair of brackets holds attributes for an element, of which there is none: what stands there would count for nothing. */
function checkAttributes({ attrs, attributeBlocks }: PugNode, place: string): void {
  const [first] = [attrs, attributeBlocks].flat() as readonly (undefined | { name?: string; val?: unknown })[];
  if (first === undefined) return;
  const { name = 'attributes', val } = first;
  throw new ConfigError(
    `cache.${name}`,
    val,
    `one pair of brackets: +cache('name', { ttl: '5m' })`,
    undefined,
    `stands outside of the options, in ${place}`,
  );
}

function* nodesIn(node: PugNode): Generator<PugNode> {
  yield node;
  for (const part of Object.values(node)) {
    for (const child of Array.isArray(part) ? part : [part]) if (isNode(child)) yield* nodesIn(child);
  }
}

function isNode(value: unknown): value is PugNode {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

/** The mixin as Pug would have read it. */
function mixin(isSelf: boolean): PugNode {
  const fragment = isSelf ? `self.${PUG_FRAGMENT}` : PUG_FRAGMENT;
  const run = [
    'var viewcache_around = pug_html;',
    `var viewcache_html = ${fragment}(viewcache_place, name, options, function () {`,
    'pug_html = ""; if (block) block(); return pug_html; });',
    'pug_html = viewcache_around;',
  ].join(' ');
  const code = (val: string, buffer: boolean): PugNode => ({
    ...{ type: 'Code', val, buffer, mustEscape: false, isInline: false, line: 1, column: 1 },
  });
  return {
    ...{ type: 'Mixin', name: 'cache', args: 'viewcache_place, name, options', call: false, line: 1, column: 1 },
    block: { type: 'Block', nodes: [code(run, false), code('viewcache_html', true)], line: 1 },
  };
}
