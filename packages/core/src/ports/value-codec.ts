/** A value on its way to a shared store. */
export type EncodedValue =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  /** Something in it is of a class that nobody has registered: its bytes could not say what it was. */
  | { readonly kind: 'unregistered'; readonly className: string }
  /** Something in it cannot be stored at all: a function, a symbol. */
  | { readonly kind: 'unstorable'; readonly what: string };

/** Turns values into bytes and back. Decoding never throws and never trusts. */
export interface ValueCodec {
  encode(value: unknown): EncodedValue;
  /**
   * `undefined` for what is no value of this codec's.
   *
   * @param onUnknownClass - told the name of a class that it takes, and nobody has registered
   */
  decode(bytes: Buffer, onUnknownClass?: (name: string) => void): { readonly value: unknown } | undefined;
}
