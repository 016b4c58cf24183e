import { basename } from 'node:path';

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

/** What Pug asks before it makes code of a template, all that it includes and extends being in it. */
interface PugPlugin {
  preCodeGen(ast: PugNode): PugNode;
}

/**
 * Gives templates the mixin `cache`, whose block is rendered into a text of its own. Each call is told where it stands.
 *
 * @param isSelf - templates find what they are given on `self`
 */
export function pugPlugin(isSelf: boolean): PugPlugin {
  return {
    preCodeGen(ast) {
      const all = [...nodesIn(ast)];
      // Somebody's own mixin of the name is his.
      if (all.some(({ type, name, call }) => type === 'Mixin' && name === 'cache' && call !== true)) return ast;
      const calls = all.filter(({ type, name }) => type === 'Mixin' && name === 'cache');
      if (calls.length === 0) return ast;
      for (const call of calls) {
        // Wherever the app has been put, this time.
        const file = basename(call.filename ?? '');
        const place = JSON.stringify(`pug ${file} ${call.line}:${call.column}`);
        call.args = [place, ...(call.args ? [call.args] : [])].join(', ');
      }
      ast.nodes = [mixin(isSelf), ...(ast.nodes ?? [])];
      return ast;
    },
  };
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
