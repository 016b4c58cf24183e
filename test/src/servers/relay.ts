import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What stands before a server, on a port of its own, and says what passes. */
export abstract class Relay {
  readonly #server: Server;
  readonly #port: number;
  readonly #sockets = new Set<Socket>();

  /** @param port - of the server that it stands before, on this machine */
  protected constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
    server.on('connection', (client) => this.accept(this.#keep(client)));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Somebody has connected. */
  protected abstract accept(client: Socket): void;

  /** All that is open, towards clients and towards the server. */
  protected get sockets(): Iterable<Socket> {
    return this.#sockets;
  }

  /** Lets everything pass, both ways, until one side closes. */
  protected forward(client: Socket): void {
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

/** A server on a port of its own. */
export async function listening(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
