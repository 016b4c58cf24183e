import type { Socket } from 'node:net';
import { listening, Relay } from './relay.js';

/** Stands before a server that takes its time: whoever connects is accepted, and hears nothing until it is opened. */
export class LateProxy extends Relay {
  readonly #waiting = new Set<Socket>();
  #isOpen = false;
  #onConnection: () => void = () => {};

  /** @param port - of the server, on this machine */
  static async start(port: number): Promise<LateProxy> {
    return new LateProxy(await listening(), port);
  }

  /** Waits until somebody waits. */
  async awaited(): Promise<void> {
    while (this.#waiting.size === 0)
      await new Promise<void>((resolve) => {
        this.#onConnection = resolve;
      });
  }

  /** What came before, and will come, is forwarded. */
  open(): void {
    this.#isOpen = true;
    for (const client of this.#waiting) {
      this.forward(client);
      client.resume();
    }
    this.#waiting.clear();
  }

  protected override accept(client: Socket): void {
    if (this.#isOpen) {
      this.forward(client);
      return;
    }
    client.pause();
    client.on('close', () => this.#waiting.delete(client));
    this.#waiting.add(client);
    this.#onConnection();
  }
}
