/** What is set where a template stands. Those of a template that is included lie within those of the one around it. */
export interface Frame {
  readonly variables: Record<string, unknown>;
  readonly parent?: Frame | undefined;
  push(isolatesWrites: boolean): Frame;
  resolve(name: string): Frame | undefined;
}

type Root = (env: unknown, context: unknown, frame: Frame, runtime: Runtime, done: RootDone) => unknown;
type RootDone = (error: unknown, html?: unknown) => void;

/** What templates call. */
interface Runtime {
  asyncAll(...given: unknown[]): unknown;
  fromIterator(list: unknown): unknown;
}

/** A template as Nunjucks keeps it: made into a function when it is asked for it. */
export interface NunjucksTemplate {
  rootRenderFunc?: Root;
  compile(): void;
}

/**
 * Which fragments are being waited for, and whether what is around them does wait.
 *
 * Nunjucks sees by their tags alone what takes its time: it goes on behind `{% if %}` and `{% for %}` at once where a template
 * is included in there that has a fragment. What that comes to would be missing, and nobody told.
 */
export class NunjucksWaits {
  /** How many have begun below, in what is not a fragment of its own. */
  readonly #open = new WeakMap<Frame, number>();
  readonly #insides = new WeakSet<Frame>();
  /** Those of templates that are being rendered. */
  readonly #roots = new WeakSet<Frame>();
  /** Those that have gone through a list at once, with everything waited for in the end. */
  readonly #forked = new WeakSet<Frame>();
  readonly #watched = new WeakSet<NunjucksTemplate>();

  /** Where the inside of a fragment stands. */
  inside(frame: Frame): void {
    this.#insides.add(frame);
  }

  /**
   * Notes that a fragment has begun, until what is returned is called.
   *
   * @throws where another one has begun before, and was not waited for
   */
  begin(frame: Frame): () => void {
    const around = this.#around(frame);
    for (const at of around) if (this.#isEnd(at) && !this.#isForked(at)) this.end(at);
    const count = (more: 1 | -1): void => {
      for (const at of around) this.#open.set(at, (this.#open.get(at) ?? 0) + more);
    };
    count(1);
    return () => count(-1);
  }

  /**
   * Looks whether all has been waited for, where what is within a frame has been rendered.
   *
   * @throws where it has not
   */
  end(frame: Frame): void {
    if ((this.#open.get(frame) ?? 0) > 0)
      throw new Error(
        'a fragment would be missing, as Nunjucks has not waited for it: it is within {% set %}, or in a template that is included within {% if %} or {% for %}; write {% ifAsync x %}…{% endif %} or {% asyncEach x in y %}…{% endeach %} around the include',
      );
  }

  /** Has a template end in an error where it has not waited. */
  watch(template: NunjucksTemplate): void {
    if (this.#watched.has(template)) return;
    this.#watched.add(template);
    if (template.rootRenderFunc !== undefined) this.#watchRoot(template, template.rootRenderFunc);
    else {
      const { compile } = template;
      template.compile = () => {
        template.compile = compile;
        template.compile();
        if (template.rootRenderFunc !== undefined) this.#watchRoot(template, template.rootRenderFunc);
      };
    }
  }

  #watchRoot(template: NunjucksTemplate, root: Root): void {
    template.rootRenderFunc = (env, context, frame, runtime, done) => {
      this.#roots.add(frame);
      // A loop that waits is another one than that which goes through nothing.
      const fromIterator = (list: unknown): unknown => runtime.fromIterator(list) ?? [];
      const asyncAll = (...given: unknown[]): unknown => {
        this.#forked.add(frame);
        return runtime.asyncAll(...given);
      };
      let isOver = false;
      const once: RootDone = (error, html) => {
        // What was not waited for comes back here.
        if (isOver) return;
        isOver = true;
        done(error ?? this.#missingIn(frame), html);
      };
      return root(env, context, frame, { ...runtime, asyncAll, fromIterator }, once);
    };
  }

  #missingIn(frame: Frame): unknown {
    try {
      this.end(frame);
      return null;
    } catch (error) {
      return error;
    }
  }

  /** Whether everything in there has to be over before anything goes on. */
  #isEnd(frame: Frame): boolean {
    return this.#roots.has(frame) || this.#insides.has(frame);
  }

  #isForked(frame: Frame): boolean {
    let at: Frame | undefined = frame;
    while (at !== undefined && !this.#roots.has(at)) at = at.parent;
    return at !== undefined && this.#forked.has(at);
  }

  /** The frames that one stands in, as far as the fragment around it. */
  #around(frame: Frame): readonly Frame[] {
    const found: Frame[] = [];
    for (let at: Frame | undefined = frame; at !== undefined; at = at.parent) {
      found.push(at);
      if (this.#insides.has(at)) break;
    }
    return found;
  }
}
