import { shownKey } from '../../base/printable.js';
import { defaultCache } from '../../cache/default-cache.js';
import { type CacheRuntime, runtimeOf } from '../../cache/runtime.js';
import { readValueOptions } from '../../config/value-options.js';
import type { ValuePolicy } from '../../values/value-policy.js';
import {
  type FragmentsOptions,
  type FragmentsSettings,
  type ReadFragment,
  readFragmentsOptions,
} from './fragment-options.js';
import { TemplateSources } from './template-sources.js';
import { textDigest } from './text-digest.js';
import type { WaitingTurns } from './turns.js';

/** Sources that are remembered with their digests; a template has a few. */
const DIGESTS = 1_000;

/** The fragments of an app: what they are stored in, and how they are told apart. */
export class FragmentsHome {
  readonly settings: FragmentsSettings;
  readonly sources = new TemplateSources();
  /** Items of lists that are being rendered. */
  readonly waiting: WaitingTurns = new Map();
  readonly #digests = new Map<string, string>();
  readonly #warned = new Set<string>();
  readonly #unsaid = new Set<string>();
  readonly #repeated = new Set<string>();
  #isMemoryMissed = false;
  /** Somebody develops, as Express has it, too. */
  readonly isInDevelopment = process.env['NODE_ENV'] !== 'production';

  /** @throws {@link ConfigError} for a wrong setting */
  constructor(options: FragmentsOptions) {
    this.settings = readFragmentsOptions(options);
  }

  get runtime(): CacheRuntime {
    return runtimeOf(this.settings.cache ?? defaultCache()) as CacheRuntime;
  }

  /** @throws {@link ConfigError} for a ttl that is none */
  policyOf({ call, name, ttl, tags }: ReadFragment): ValuePolicy {
    const { values, valueDefaults, tracksReads } = this.runtime;
    const unsaid = (): void => {
      if (tracksReads || this.#warned.has(name) || this.#warned.size >= DIGESTS) return;
      this.#warned.add(name);
      values.parts.warn(`fragment ${name} says neither a ttl nor tags: it is kept for 5 minutes; give one`);
    };
    return readValueOptions(
      call,
      { ttl, tags, name: `fragment ${name}` },
      { ...valueDefaults, copying: false },
      unsaid,
    );
  }

  /** Says, once of each name and where somebody develops, that nobody has said whom a fragment is for. */
  warnOfUnsaid({ name, idiom }: ReadFragment): void {
    this.#warnOnce(
      this.#unsaid,
      name,
      `somebody may be known to be asking, and it says neither visitor nor shared: it was rendered for him, and not stored; say whom it is for, as in ${idiom.visitor}, or ${idiom.shared} where it is the same for everybody`,
    );
  }

  /** Whether {@link warnOfRepeat} would say anything. */
  asksOfRepeats(name: string): boolean {
    return this.isInDevelopment && !this.#repeated.has(name);
  }

  /** Says, once of each name and where somebody develops, that one html stands where there would be several. */
  warnOfRepeat({ name, idiom }: ReadFragment): void {
    this.#warnOnce(
      this.#repeated,
      name,
      `one page asks for it more than once, and would render something else each time, but what is stored of the first is shown for all of them; say what tells them apart, as in ${idiom.apart}`,
    );
  }

  /** The same of a list; once of each name, whichever of the two it is. */
  warnOfSameKey({ name, vary: [key], idiom }: ReadFragment): void {
    this.#warnOnce(
      this.#repeated,
      name,
      `one list asks for it more than once with the key ${shownKey(key as string | number)}, for items that are not the same, but what is stored of the first is shown for all of them; say what tells them apart, as in ${idiom.keyed}`,
    );
  }

  /** Says, once and where somebody develops, that nothing is ever found. */
  warnOfNoMemory(): void {
    if (!this.isInDevelopment || this.#isMemoryMissed) return;
    this.#isMemoryMissed = true;
    this.runtime.values.parts.warn(
      `templates of Handlebars and Pug cannot wait for the store, which consistency: 'strict' has asked before each answer: their fragments are rendered each time; use consistency: 'bounded', or an engine that waits`,
    );
  }

  #warnOnce(told: Set<string>, name: string, problem: string): void {
    if (!this.isInDevelopment || told.has(name) || told.size >= DIGESTS) return;
    told.add(name);
    this.runtime.values.parts.warn(`fragment ${name}: ${problem}`);
  }

  /** The text for what makes a fragment: the templates, the version, and what in a template it is. */
  digestOf(templates: string, source: string): string {
    const text = `${templates}\0${this.settings.version}\0${source}`;
    const known = this.#digests.get(text);
    if (known !== undefined) return known;
    const digest = textDigest(text);
    if (this.#digests.size >= DIGESTS) this.#digests.clear();
    this.#digests.set(text, digest);
    return digest;
  }
}
