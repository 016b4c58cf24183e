import type { Socket } from 'node:net';
import { listening, Relay } from './relay.js';

/**
 * Stands before a server, and can cut off one of its clients while the others go on.
 *
 * A connection belongs to the client that {@link expect} named last; one that was cut connects anew in vain until it is
 * healed.
 */
export class LabelledProxy extends Relay {
  readonly #owners = new Map<Socket, string>();
  #expected = '';
  #cut: string | undefined;

  /** @param port - of the server, on this machine */
  static async start(port: number): Promise<LabelledProxy> {
    return new LabelledProxy(await listening(), port);
  }

  /** Who connects from now on. */
  expect(label: string): void {
    this.#expected = label;
  }

  cut(label: string): void {
    this.#cut = label;
    for (const [client, owner] of this.#owners) if (owner === label) client.destroy();
  }

  /** The one that was cut off may connect again. */
  heal(): void {
    this.#expected = this.#cut ?? '';
    this.#cut = undefined;
  }

  protected override accept(client: Socket): void {
    // Only who was cut off connects while somebody is.
    if (this.#cut !== undefined) {
      client.destroy();
      return;
    }
    this.#owners.set(client, this.#expected);
    client.on('close', () => this.#owners.delete(client));
    this.forward(client);
  }
}
