type Chunk = { readonly data: string; readonly encoding: BufferEncoding } | Uint8Array;

/** The body of a response as it goes by, up to a largest size. */
export class RecordedBody {
  readonly #maxBytes: number;
  #chunks: Chunk[] = [];
  #bytes = 0;
  #isOver = false;
  /** It is a stored one: what the handler writes is none of it. */
  #isReplaced = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** It became larger than may be recorded, or was cut off: there is nothing to take. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get length(): number {
    return this.#bytes;
  }

  /**
   * Adds what the handler has written, as Node takes it.
   *
   * @returns false when that has made it larger than may be recorded
   */
  add(chunk: unknown, encoding: unknown, isLast: boolean): boolean {
    if (this.#isOver || this.#isReplaced) return true;
    if (typeof chunk === 'string') {
      const known = typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8';
      this.#bytes += Buffer.byteLength(chunk, known);
      this.#chunks.push({ data: chunk, encoding: known });
    } else if (chunk instanceof Uint8Array) {
      this.#bytes += chunk.length;
      // A handler may use its buffer again as soon as `write` has returned; the last one is copied before that.
      this.#chunks.push(isLast ? chunk : Uint8Array.prototype.slice.call(chunk));
    }
    if (this.#bytes <= this.#maxBytes) return true;
    this.giveUp();
    return false;
  }

  /** Another body takes its place, and nothing is added to that. */
  replace(body: Buffer): void {
    this.#chunks = [body];
    this.#bytes = body.length;
    this.#isReplaced = true;
  }

  giveUp(): void {
    this.#isOver = true;
    this.#chunks = [];
  }

  /** All of it, once, copied into memory of its own. */
  take(): Buffer {
    // Not from Buffer's pool: a stored body must not keep a slab of other requests' bytes alive.
    // Zeroes cost less than asking for memory without them, where there are few.
    const body = this.#bytes <= 16_384 ? Buffer.alloc(this.#bytes) : Buffer.allocUnsafeSlow(this.#bytes);
    let at = 0;
    for (const chunk of this.#chunks) {
      if (chunk instanceof Uint8Array) {
        body.set(chunk, at);
        at += chunk.length;
      } else {
        at += body.write(chunk.data, at, chunk.encoding);
      }
    }
    this.#chunks = [];
    return body;
  }
}
