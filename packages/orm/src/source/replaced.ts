/** What is in the place of a method of an object, and how that is given back. */
interface Replacement<T> {
  readonly parties: Set<T>;
  restore(): void;
}

type Method = (this: object, ...given: unknown[]) => unknown;

/**
 * Replaces a method of objects, a prototype or an instance, for as long as somebody asks for it: once, however many ask. What
 * others have put over it afterwards stays, and calls through.
 */
export class Replaced<T> {
  readonly #held = new WeakMap<object, Replacement<T>>();
  readonly #name: string;
  readonly #make: (original: Method, parties: ReadonlySet<T>) => Method;

  /** @param make - makes the method; `parties` are those who ask at the moment */
  constructor(name: string, make: (original: Method, parties: ReadonlySet<T>) => Method) {
    this.#name = name;
    this.#make = make;
  }

  /** Who asks for an object itself, not for the prototype that it inherits from. */
  partiesOf(object: object): ReadonlySet<T> | undefined {
    return this.#held.get(object)?.parties;
  }

  /** @returns ends it */
  on(object: object, party: T): () => void {
    const held = this.#held.get(object) ?? this.#replace(object);
    held.parties.add(party);
    return () => {
      if (held.parties.delete(party) && held.parties.size === 0) held.restore();
    };
  }

  #replace(object: object): Replacement<T> {
    const name = this.#name;
    const own = Object.getOwnPropertyDescriptor(object, name);
    const parties = new Set<T>();
    const method = this.#make((object as Record<string, Method>)[name] as Method, parties);
    Object.defineProperty(object, name, {
      value: method,
      configurable: true,
      writable: true,
      enumerable: own?.enumerable ?? false,
    });
    const replacement = {
      parties,
      restore: (): void => {
        // Somebody has put his own over it: ours does nothing from now on, and is used again where it is asked for again.
        if (Object.getOwnPropertyDescriptor(object, name)?.value !== method) return;
        if (own === undefined) delete (object as Record<string, unknown>)[name];
        else Object.defineProperty(object, name, own);
        this.#held.delete(object);
      },
    };
    this.#held.set(object, replacement);
    return replacement;
  }
}
