import type { Socket } from 'node:net';
import { listening, Relay } from './relay.js';

/**
 * Stands before a server, and can stop forwarding without closing anything: a cable that was pulled, a firewall that
 * forgot its connections. Whoever connects is accepted all the same; only silence tells.
 */
export class SilentProxy extends Relay {
  #isSilent = false;
  #connections = 0;

  /** @param port - of the server, on this machine */
  static async start(port: number): Promise<SilentProxy> {
    return new SilentProxy(await listening(), port);
  }

  /** How many have been made since it was started. */
  get connections(): number {
    return this.#connections;
  }

  /** Nothing passes any more, on what there is and on what will be made. */
  silence(): void {
    this.#isSilent = true;
    for (const socket of this.sockets) socket.removeAllListeners('data').pause();
  }

  /** Connections that are made from now on are forwarded; those that were silenced stay so. */
  heal(): void {
    this.#isSilent = false;
  }

  protected override accept(client: Socket): void {
    this.#connections++;
    if (this.#isSilent) client.pause();
    else this.forward(client);
  }
}
