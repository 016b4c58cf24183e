import type { Visitor } from './flight.js';
import type { Keyed } from './keyed.js';
import type { LocalItem } from './local-item.js';
import { type RequestFields, type VariantIndex, variantText } from './variants.js';

/** Makes values of a selecting header that select the same variant the same text. */
export type NormalizeSelecting = (name: string, value: string) => string | undefined;

/** Says which variant of its target a request selects (RFC 9111 §4.1), as far as is known by now. */
export class Selection {
  readonly #variants: VariantIndex;
  readonly #normalize: NormalizeSelecting;

  constructor(variants: VariantIndex, normalize: NormalizeSelecting) {
    this.#variants = variants;
    this.#normalize = normalize;
  }

  /** The key text under which a request finds its stored response. */
  textOf(key: Keyed, policyNames: readonly string[], fields: RequestFields): string {
    if (this.#variants.size === 0 && policyNames.length === 0) return key.text;
    return this.variant(key, this.#variants.names(key.text, policyNames), fields);
  }

  /** The key text of the variant that these selecting headers choose. */
  variant(key: Keyed, names: readonly string[], fields: RequestFields): string {
    return variantText(key.text, names, fields, this.#normalize);
  }

  /** What a selecting header adds to the key text. */
  part(name: string, fields: RequestFields): string {
    return variantText('', [name], fields, this.#normalize);
  }

  /** Whether a stored response is the one that a visitor's own fields select. */
  selects(visitor: Visitor, item: LocalItem): boolean {
    const { selecting, key } = item.stored;
    return selecting.length === 0 || this.variant(visitor.key, selecting, visitor.fields) === key;
  }

  /** Visitors by the key text that each selects. */
  byVariant(visitors: readonly Visitor[]): ReadonlyMap<string, readonly Visitor[]> {
    const groups = new Map<string, Visitor[]>();
    for (const visitor of visitors) {
      const text = this.textOf(visitor.key, visitor.policyNames, visitor.fields);
      const group = groups.get(text);
      if (group === undefined) groups.set(text, [visitor]);
      else group.push(visitor);
    }
    return groups;
  }
}
