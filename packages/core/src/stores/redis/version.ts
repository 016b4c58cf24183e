/**
 * Which version of the protocol a connection is to speak, from the one that is wished for down to the one that needs no
 * asking.
 *
 * `2` still asks for itself with HELLO in node-redis 5, and where that command is unknown or forbidden nothing but saying
 * nothing will do; node-redis 6 says nothing for `2`.
 */
export class ProtocolVersion {
  #value: 2 | 3 | undefined;

  constructor(wished: 2 | 3) {
    this.#value = wished;
  }

  get value(): 2 | 3 | undefined {
    return this.#value;
  }

  /** True when a failure came of the version, and a lower one is tried the next time. */
  lower({ message }: Error): boolean {
    if (this.#value === undefined || !/NOPROTO|HELLO/i.test(message)) return false;
    this.#value = this.#value === 3 ? 2 : undefined;
    return true;
  }
}
