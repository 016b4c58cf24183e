import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Stands before a server that takes its time: whoever connects is accepted, and hears nothing until it is opened. */
export class LateProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Set<Socket>();
  readonly #port: number;
  #isOpen = false;
  #onConnection: () => void = () => {};

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
    server.on('connection', (client) => this.#accept(client));
  }

  /** @param port - of the server, on this machine */
  static async start(port: number): Promise<LateProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new LateProxy(server, port);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
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
    for (const client of this.#waiting) this.#forward(client);
    this.#waiting.clear();
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #accept(client: Socket): void {
    this.#keep(client);
    if (this.#isOpen) {
      this.#forward(client);
      return;
    }
    client.pause();
    client.on('close', () => this.#waiting.delete(client));
    this.#waiting.add(client);
    this.#onConnection();
  }

  #forward(client: Socket): void {
    const onward = this.#keep(connect(this.#port, '127.0.0.1'));
    for (const [from, to] of [
      [client, onward],
      [onward, client],
    ] as const) {
      from.on('data', (bytes) => to.write(bytes));
      from.on('close', () => to.destroy());
    }
    client.resume();
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    return socket;
  }
}
