import { createHash } from 'node:crypto';
import { askMany, askOne } from '../fragment-calls.js';
import { readFragment, readListed } from '../fragment-options.js';
import { type FragmentRequest, requestOf, type TemplatePlace } from '../fragment-request.js';

type Done = (error: unknown, rendered?: unknown) => void;
/** The inside of a tag. */
type Body = (done: Done) => unknown;

interface Node {
  readonly lineno: number;
  readonly colno: number;
  readonly value?: unknown;
  readonly left?: Node;
  readonly right?: Node;
  readonly children?: Node[];
}

/** The classes of nodes, as the parser hands them over. */
interface Nodes {
  readonly NodeList: new (lineno: number, colno: number, children?: readonly Node[]) => Node & { children: Node[] };
  readonly Literal: new (lineno: number, colno: number, value: unknown) => Node;
  readonly In: abstract new (...args: never[]) => Node;
  readonly CallExtension: ExtensionCall;
  readonly CallExtensionAsync: ExtensionCall;
}

type ExtensionCall = new (extension: object, method: string, args: Node, contents: readonly Node[]) => Node;

interface Parser {
  readonly tokens: { readonly str?: string };
  nextToken(): { readonly value: string; readonly lineno: number; readonly colno: number };
  parseSignature(isTolerant: null, hasNoParens: boolean): Node & { children: Node[] };
  parseUntilBlocks(end: string): Node;
  advanceAfterBlockEnd(name?: string): void;
  fail(message: string, lineno: number, colno: number): never;
}

/** What a template can see. */
interface Context {
  lookup(name: string): unknown;
  setVariable(name: string, value: unknown): void;
}

/** The tags `cache` and `cacheeach`, as Nunjucks takes them. */
export class NunjucksExtension {
  readonly tags = ['cache', 'cacheeach'];
  /** Nunjucks looks for it. */
  readonly __name: string;
  readonly #safe: (html: string) => unknown;
  readonly #place: () => TemplatePlace;
  /** What {@link describe} was told last, in each context. */
  readonly #described = new WeakMap<Context, object>();

  /** @param safe - marks html as html, which autoescape leaves as it is */
  constructor(name: string, safe: (html: string) => unknown, place: () => TemplatePlace) {
    this.__name = name;
    this.#safe = safe;
    this.#place = place;
  }

  parse(parser: Parser, nodes: Nodes): Node {
    const { value: tag, lineno, colno } = parser.nextToken();
    if (isInMacro(parser.tokens.str ?? '', lineno, colno))
      parser.fail(
        `${tag}: cannot stand in a macro or a call block, which do not wait; put it where the macro is used`,
        lineno,
        colno,
      );
    const signature = parser.parseSignature(null, true);
    parser.advanceAfterBlockEnd(tag);
    const body = parser.parseUntilBlocks(`end${tag}`);
    parser.advanceAfterBlockEnd();
    const text = createHash('sha256')
      .update(parser.tokens.str ?? '')
      .digest('base64url');
    const source = new nodes.Literal(lineno, colno, `nunjucks ${text} ${lineno}:${colno}`);
    const list = (children: readonly Node[]): Node => new nodes.NodeList(lineno, colno, children);
    const [first, ...rest] = signature.children;
    if (tag === 'cache')
      return new nodes.CallExtensionAsync(this, 'run', list([source, ...signature.children]), [body]);
    if (!(first instanceof nodes.In) || typeof first.left?.value !== 'string' || first.right === undefined)
      parser.fail(
        'cacheeach: expected an item in a list: {% cacheeach item in items, "name", key=item.id %}',
        lineno,
        colno,
      );
    const name = new nodes.Literal(lineno, colno, first.left?.value);
    // Worked out for each item, where the template can see it.
    const described = new nodes.CallExtension(this, 'describe', list(rest), []);
    const args = list([source, name, first.right as Node]);
    return new nodes.CallExtensionAsync(this, 'each', args, [list([described]), body]);
  }

  /** One fragment: `{% cache name, ttl=60 %}`. */
  run(context: Context, source: string, ...given: unknown[]): void {
    const done = given.pop() as Done;
    const body = given.pop() as Body;
    const [name, ...options] = given;
    const ask = async (): Promise<string> => {
      const read = readFragment('cache', name, optionsOf(options));
      return await askOne(requestIn(context), read, source, () => rendered(body), this.#place());
    };
    this.#tell(ask, done);
  }

  /** What is said of one item. */
  describe(context: Context, ...given: unknown[]): string {
    const [name, ...options] = given;
    this.#described.set(context, { name, ...(optionsOf(options) as object | undefined) });
    return '';
  }

  /** Many fragments: `{% cacheeach item in items, name, key=item.id, ttl=60 %}`. */
  each(context: Context, source: string, name: string, items: unknown, describe: Body, body: Body, done: Done): void {
    const ask = async (): Promise<string> => {
      const before = context.lookup(name);
      const all = [...((items ?? []) as Iterable<unknown>)];
      const read = all.map((item) => {
        context.setVariable(name, item);
        describe(() => {});
        return readListed('cacheeach', this.#described.get(context));
      });
      const asked = all.map((item, i) => ({
        options: read[i] as (typeof read)[number],
        render: () => {
          context.setVariable(name, item);
          return rendered(body);
        },
      }));
      const found = await askMany(requestIn(context), asked, source, this.#place());
      context.setVariable(name, before);
      return found.join('');
    };
    this.#tell(ask, done);
  }

  #tell(ask: () => Promise<string>, done: Done): void {
    const tell = (html: string): void => {
      try {
        done(null, this.#safe(html));
      } catch (error) {
        // The rest of the template, which nobody but its own callback is told of.
        done(error);
      }
    };
    void ask().then(tell, done);
  }
}

/** Whether a place, by lines and columns from 0 on, stands between the ends of a macro: what takes its time there is lost. */
function isInMacro(template: string, lineno: number, colno: number): boolean {
  const lines = template.split('\n').slice(0, lineno + 1);
  const before = [...lines.slice(0, -1), lines.at(-1)?.slice(0, colno)].join('\n');
  const count = (tag: RegExp): number => before.match(tag)?.length ?? 0;
  return count(/\{%-?\s*(?:macro|call)\b/g) > count(/\{%-?\s*(?:endmacro|endcall)\b/g);
}

/** Nunjucks hands over arguments by name as one object behind the others; one by its place is a ttl. */
function optionsOf(given: readonly unknown[]): unknown {
  const last = given.at(-1);
  if (typeof last !== 'object' || last === null || !('__keywords' in last)) return last;
  const { __keywords, ...options } = last as Record<string, unknown>;
  return given.length > 1 ? { ttl: given[0], ...options } : options;
}

function requestIn(context: Context): FragmentRequest | undefined {
  return requestOf({ _locals: context.lookup('_locals') });
}

function rendered(body: Body): Promise<unknown> {
  return new Promise((resolve, reject) => {
    body((error, html) => {
      if (error) reject(error);
      else resolve(html);
    });
  });
}
