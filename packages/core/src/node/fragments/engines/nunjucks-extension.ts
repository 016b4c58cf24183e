import { createHash } from 'node:crypto';
import { checkNoMore, isRecord } from '../../../config/check.js';
import { askMany, askOne, listOf } from '../fragment-calls.js';
import { readFragment, readListed } from '../fragment-options.js';
import { type FragmentRequest, requestOf, type TemplatePlace } from '../fragment-request.js';
import { nunjucksIdiom } from '../template-idiom.js';
import type { Frame, NunjucksWaits } from './nunjucks-waits.js';

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
  findAll(type: NodeClass): readonly Node[];
}

type NodeClass = abstract new (...args: never[]) => Node;

/** The classes of nodes, as the parser hands them over. */
interface Nodes {
  readonly NodeList: new (lineno: number, colno: number, children?: readonly Node[]) => Node & { children: Node[] };
  readonly Literal: new (lineno: number, colno: number, value: unknown) => Node;
  readonly In: NodeClass;
  readonly Block: NodeClass;
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
}

/** An item of a list, under the name that a template calls it by. */
interface Item {
  readonly name: string;
  readonly item: unknown;
}

/** The tags `cache` and `cacheeach`, as Nunjucks takes them. */
export class NunjucksExtension {
  readonly tags = ['cache', 'cacheeach'];
  /** Nunjucks looks for it. */
  readonly __name: string;
  readonly #safe: (html: string) => unknown;
  readonly #place: () => TemplatePlace;
  readonly #waits: NunjucksWaits;
  /** What is to be rendered next, in each context. */
  readonly #items = new WeakMap<Context, Item>();
  /** What {@link describe} was told last, in each context. */
  readonly #described = new WeakMap<Context, object>();

  /** @param safe - marks html as html, which autoescape leaves as it is */
  constructor(name: string, safe: (html: string) => unknown, place: () => TemplatePlace, waits: NunjucksWaits) {
    this.__name = name;
    this.#safe = safe;
    this.#place = place;
    this.#waits = waits;
  }

  parse(parser: Parser, nodes: Nodes): Node {
    const { value: tag, lineno, colno } = parser.nextToken();
    const around = unwaitingAround(parser.tokens.str ?? '', lineno, colno);
    if (around !== undefined)
      parser.fail(`${tag}: cannot stand in {% ${around} %}, which does not wait; put it around that`, lineno, colno);
    const signature = parser.parseSignature(null, true);
    parser.advanceAfterBlockEnd(tag);
    const inside = parser.parseUntilBlocks(`end${tag}`);
    parser.advanceAfterBlockEnd();
    if (inside.findAll(nodes.Block).length > 0)
      parser.fail(
        `${tag}: a block cannot stand in it, which would be another one on each page; put {% ${tag} %} into the block`,
        lineno,
        colno,
      );
    const text = createHash('sha256')
      .update(parser.tokens.str ?? '')
      .digest('base64url');
    const source = new nodes.Literal(lineno, colno, `nunjucks ${text} ${lineno}:${colno}`);
    const list = (children: readonly Node[]): Node => new nodes.NodeList(lineno, colno, children);
    // Nunjucks writes what is neither a text nor nothing as it is.
    const code = (text: string): Node => new nodes.Literal(lineno, colno, { toString: () => text });
    const own = `env.getExtension("${this.__name}")`;
    const scoped = (node: Node): Node =>
      list([
        code(`var viewcache_frame = frame; frame = ${own}.enter(frame, context);\n`),
        node,
        code(`${own}.leave(frame); frame = viewcache_frame;\n`),
      ]);
    const body = scoped(inside);
    const [first, ...rest] = signature.children;
    if (tag === 'cache')
      return new nodes.CallExtensionAsync(this, 'run', list([code('frame'), source, ...signature.children]), [body]);
    if (!(first instanceof nodes.In) || typeof first.left?.value !== 'string' || first.right === undefined)
      parser.fail(
        'cacheeach: expected an item in a list: {% cacheeach item in items, "name", key=item.id %}',
        lineno,
        colno,
      );
    const name = new nodes.Literal(lineno, colno, first.left?.value);
    // Worked out for each item, where the template can see it.
    const described = new nodes.CallExtension(this, 'describe', list(rest), []);
    const args = list([code('frame'), source, name, first.right as Node]);
    return new nodes.CallExtensionAsync(this, 'each', args, [scoped(described), body]);
  }

  /** Where a fragment sets what is not there when it is found: nothing of it is to be seen outside. */
  enter(around: Frame, context: Context): Frame {
    const frame = around.push(true);
    this.#waits.inside(frame);
    const next = this.#items.get(context);
    // Of what is rendered in there it is the item no more.
    this.#items.delete(context);
    if (next !== undefined) frame.variables[next.name] = next.item;
    // Loops inside would look for where to set something further out all the same.
    frame.resolve = (name) => (frame.variables[name] === undefined ? undefined : frame);
    return frame;
  }

  /** @throws where something in there has not been waited for */
  leave(frame: Frame): void {
    this.#waits.end(frame);
  }

  /** One fragment: `{% cache name, ttl=60 %}`. */
  run(context: Context, frame: Frame, source: string, ...given: unknown[]): void {
    const done = given.pop() as Done;
    const body = given.pop() as Body;
    const ask = async (): Promise<string> => {
      const { name, options } = saidIn(nunjucksIdiom.one, given);
      const read = readFragment(nunjucksIdiom, name, options);
      return await askOne(requestIn(context), read, source, () => rendered(body), this.#place());
    };
    this.#tell(frame, ask, done);
  }

  /** What is said of one item. */
  describe(context: Context, ...given: unknown[]): string {
    const { name, options } = saidIn(nunjucksIdiom.many, given);
    this.#described.set(context, { name, ...(isRecord(options) ? options : { ttl: options }) });
    return '';
  }

  /** Many fragments: `{% cacheeach item in items, name, key=item.id, ttl=60 %}`. */
  each(
    context: Context,
    frame: Frame,
    source: string,
    name: string,
    items: unknown,
    describe: Body,
    body: Body,
    done: Done,
  ): void {
    const ask = async (): Promise<string> => {
      const all = listOf(nunjucksIdiom.many, (items ?? []) as Iterable<unknown>);
      const read = all.map((item) => {
        this.#items.set(context, { name, item });
        describe(() => {});
        return readListed(nunjucksIdiom, this.#described.get(context));
      });
      const asked = all.map((item, i) => ({
        options: read[i] as (typeof read)[number],
        item,
        render: () => {
          this.#items.set(context, { name, item });
          return rendered(body);
        },
      }));
      const found = await askMany(requestIn(context), asked, source, this.#place());
      return found.join('');
    };
    this.#tell(frame, ask, done);
  }

  #tell(frame: Frame, ask: () => Promise<string>, done: Done): void {
    const run = async (): Promise<string> => {
      const end = this.#waits.begin(frame);
      try {
        return await ask();
      } finally {
        end();
      }
    };
    const tell = (html: string): void => {
      try {
        done(null, this.#safe(html));
      } catch (error) {
        // The rest of the template, which nobody but its own callback is told of.
        done(error);
      }
    };
    void run().then(tell, done);
  }
}

/** What cannot wait for what is within it. */
const UNWAITING = ['macro', 'call', 'filter', 'switch'];

/** Which of these a place stands in, by lines and columns from 0 on: what takes its time there is lost. */
function unwaitingAround(template: string, lineno: number, colno: number): string | undefined {
  const lines = template.split('\n').slice(0, lineno + 1);
  const before = [...lines.slice(0, -1), lines.at(-1)?.slice(0, colno)].join('\n');
  const count = (tag: string): number => before.match(new RegExp(`\\{%-?\\s*${tag}\\b`, 'g'))?.length ?? 0;
  return UNWAITING.find((tag) => count(tag) > count(`end${tag}`));
}

/**
 * What a tag says: Nunjucks hands over arguments by name as one object behind the others; those by their places are a name and
 * a ttl.
 *
 * @throws {@link ConfigError} for more than that, which nobody would read
 */
function saidIn(tag: string, given: readonly unknown[]): { readonly name: unknown; readonly options: unknown } {
  const last = given.at(-1);
  const isNamed = isRecord(last) && '__keywords' in last;
  const [name, ...placed] = isNamed ? given.slice(0, -1) : given;
  checkNoMore(tag, placed.slice(1), 'a name and a ttl in front of what is given by name: tags=…, vary=…');
  if (!isNamed) return { name, options: placed[0] };
  const { __keywords, ...options } = last;
  return { name, options: placed.length > 0 ? { ttl: placed[0], ...options } : options };
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
