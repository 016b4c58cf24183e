import { fileURLToPath } from 'node:url';
import { Obedient } from '../obedient.js';
import type { OrmName } from './clients.js';
import type { Answer, Order } from './orders.js';

const PROGRAM = fileURLToPath(new URL('./process.js', import.meta.url));

/** One library in a process of its own, and the version of Node.js that this runs on. */
export interface OrmProcess {
  readonly process: Obedient<Order, Answer>;
  readonly version: string;
}

/** Starts one, whose data source is watched or not: it has connected when this resolves. */
export async function startOrm(
  name: OrmName,
  isWatched: boolean,
  node: string,
  core: number | undefined,
): Promise<OrmProcess> {
  const process = new Obedient<Order, Answer>([PROGRAM, name, isWatched ? 'watched' : 'bare'], node, core);
  const { version } = await process.said<{ readonly version: string }>();
  return { process, version };
}
