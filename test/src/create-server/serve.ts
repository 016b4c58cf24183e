import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, type RequestOptions, request, type Server } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** What a client got: everything but the date and what names the connection. */
export interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

const running = new Map<Server | HttpsServer, Set<Socket>>();

/** Starts `server` on a free loopback port and returns the port; {@link closeAll} ends it. */
export async function listen(server: Server | HttpsServer): Promise<number> {
  const sockets = new Set<Socket>();
  running.set(server, sockets);
  server.on('connection', (socket: Socket) => sockets.add(socket));
  // What `app.listen` returns is on its way already.
  if (!server.listening) server.listen(0, '127.0.0.1');
  if (server.address() === null) await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Ends every server and every connection, upgraded ones too, so that a failed test leaves nothing behind. */
export async function closeAll(): Promise<void> {
  const servers = [...running];
  running.clear();
  for (const [server, sockets] of servers) {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  }
}

export async function answerTo(sent: ClientRequest): Promise<Answer> {
  const [res] = (await once(sent, 'response')) as [IncomingMessage];
  let body = '';
  res.setEncoding('utf8');
  for await (const chunk of res) body += chunk;
  const { date: _date, ...headers } = res.headers;
  return { status: res.statusCode, headers, body };
}

export function get(port: number, path: string, options: RequestOptions = {}): Promise<Answer> {
  return answerTo(request({ host: '127.0.0.1', port, path, agent: false, ...options }).end());
}

/** Sends `text` as it is and returns all that comes back until the server closes the connection. */
export async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.setEncoding('utf8').write(text);
  let received = '';
  for await (const chunk of socket) received += chunk;
  return received;
}
