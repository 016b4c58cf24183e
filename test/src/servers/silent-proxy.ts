import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Stands before a server, and can stop forwarding without closing anything: a cable that was pulled, a firewall that
 * forgot its connections. Whoever connects is accepted all the same; only silence tells.
 */
export class SilentProxy {
  readonly #server: Server;
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  #isSilent = false;
  #connections = 0;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
    server.on('connection', (client) => this.#accept(client));
  }

  /** @param port - of the server, on this machine */
  static async start(port: number): Promise<SilentProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new SilentProxy(server, port);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How many have been made since it was started. */
  get connections(): number {
    return this.#connections;
  }

  /** Nothing passes any more, on what there is and on what will be made. */
  silence(): void {
    this.#isSilent = true;
    for (const socket of this.#sockets) socket.removeAllListeners('data').pause();
  }

  /** Connections that are made from now on are forwarded; those that were silenced stay so. */
  heal(): void {
    this.#isSilent = false;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(client: Socket): void {
    this.#connections++;
    this.#keep(client);
    if (this.#isSilent) {
      client.pause();
      return;
    }
    const onward = this.#keep(connect(this.#port, '127.0.0.1'));
    for (const [from, to] of [
      [client, onward],
      [onward, client],
    ] as const) {
      from.on('data', (bytes) => to.write(bytes));
      from.on('close', () => to.destroy());
    }
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    return socket;
  }
}
