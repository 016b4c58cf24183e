// One row in a process of its own: it answers requests, and its parent with the CPU time that they have taken.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from '@viewcache/express';
import { appOf, ROWS, type RowName } from './rows.js';

/** From the bench to the process of a row, when a window begins and when it has ended. */
export interface Order {
  readonly window: 'begins' | 'ends';
}

/** CPU time of the process in the window so far, in microseconds. */
export interface Answer {
  readonly micros: number;
}

/** What it says of its own accord when it can be asked. */
export interface Listening {
  readonly port: number;
}

process.env['NODE_ENV'] = 'production';
const server = createServer(appOf(ROWS[process.argv[2] as RowName])).listen(0, '127.0.0.1');
await once(server, 'listening');

let before = process.cpuUsage();
process.on('message', ({ window }: Order) => {
  if (window === 'begins') before = process.cpuUsage();
  const { user, system } = process.cpuUsage(before);
  process.send?.({ micros: user + system } satisfies Answer);
});
process.send?.({ port: (server.address() as AddressInfo).port } satisfies Listening);
