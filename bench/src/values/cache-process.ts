import { fileURLToPath } from 'node:url';
import { Obedient } from '../obedient.js';
import type { ClientName } from './clients.js';
import type { Answer, Order } from './orders.js';
import type { ValueKind } from './value-kinds.js';

const PROGRAM = fileURLToPath(new URL('./process.js', import.meta.url));

/** A cache in a process of its own: what one does to the runtime, such as following promises, is its own affair. */
export function startCache(
  name: ClientName,
  kind: ValueKind,
  node: string,
  core: number | undefined,
): Obedient<Order, Answer> {
  return new Obedient([PROGRAM, name, kind], node, core);
}
