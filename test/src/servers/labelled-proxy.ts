import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Stands before a server, and can cut off one of its clients while the others go on.
 *
 * A connection belongs to the client that {@link expect} named last; one that was cut connects anew in vain until it is
 * healed.
 */
export class LabelledProxy {
  readonly #server: Server;
  readonly #sockets = new Map<Socket, string>();
  #expected = '';
  #cut: string | undefined;

  private constructor(server: Server, port: number) {
    this.#server = server;
    server.on('connection', (client) => this.#accept(client, port));
  }

  /** @param port - of the server, on this machine */
  static async start(port: number): Promise<LabelledProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new LabelledProxy(server, port);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Who connects from now on. */
  expect(label: string): void {
    this.#expected = label;
  }

  cut(label: string): void {
    this.#cut = label;
    for (const [socket, owner] of this.#sockets) if (owner === label) socket.destroy();
  }

  /** The one that was cut off may connect again. */
  heal(): void {
    this.#expected = this.#cut ?? '';
    this.#cut = undefined;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  #accept(client: Socket, port: number): void {
    // Only who was cut off connects while somebody is.
    if (this.#cut !== undefined) {
      client.destroy();
      return;
    }
    const upstream = connect(port, '127.0.0.1');
    this.#sockets.set(client, this.#expected);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
    client.on('close', () => this.#sockets.delete(client));
  }
}
