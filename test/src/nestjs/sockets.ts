import { once } from 'node:events';
import type { INestApplication } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { WebSocket } from 'ws';
import type { Site } from '../support/site.js';

/** Has an app answer web sockets, on the port that it listens on. */
export function withSockets(app: INestApplication): void {
  app.useWebSocketAdapter(new WsAdapter(app));
}

/** Sends one message after the other, and returns what is answered to each. */
export async function tell(site: Site, ...messages: readonly (readonly [event: string, data: unknown])[]) {
  const socket = new WebSocket(site.url.replace('http', 'ws'));
  await once(socket, 'open');
  const answers: unknown[] = [];
  for (const [event, data] of messages) {
    const answered = once(socket, 'message');
    socket.send(JSON.stringify({ event, data }));
    const [answer] = (await answered) as [Buffer];
    answers.push(JSON.parse(answer.toString()));
  }
  socket.close();
  await once(socket, 'close');
  return answers;
}
