import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll } from '@jest/globals';

const PROGRAM = fileURLToPath(new URL('./value-process.js', import.meta.url));

/** What a process can be told to do. */
export type Order =
  | ('inner' | 'outer' | 'memoized' | 'page' | 'get')
  | ('set' | 'delete' | 'deleteMany' | 'key' | 'tags' | 'purge');

/** A producer that runs in a process asks for what it loads. */
export interface Asked {
  readonly load: number;
}

/** What came of an order. */
export interface Told {
  readonly id: number;
  readonly answer: unknown;
}

/** A process of the operating system, with a cache of its own. */
export interface ValueProcess {
  does(order: Order, value?: string): Promise<unknown>;
  /** Whether what it loads is answered at once, with what there is then; else it waits for {@link answerLoad}. */
  isAnswered: boolean;
  /** Waits until something is being loaded, and answers that. */
  readonly loading: () => Promise<(value: string) => void>;
}

const children: ChildProcess[] = [];
afterAll(async () => {
  await Promise.all(
    children.splice(0).map(async (child) => {
      const closed = once(child, 'close');
      child.kill('SIGKILL');
      await closed;
    }),
  );
});

/**
 * Starts a process.
 *
 * @param data - what it loads, at the time
 */
export async function startProcess(store: string, namespace: string, data: () => string): Promise<ValueProcess> {
  const child = fork(PROGRAM, [store, namespace]);
  children.push(child);
  const answers = new Map<number, (answer: unknown) => void>();
  const loads: number[] = [];
  let onLoad = (): void => {};
  let ids = 0;
  const it: ValueProcess = {
    isAnswered: true,
    does: (order, value) =>
      new Promise((resolve) => {
        answers.set(++ids, resolve);
        child.send({ order, id: ids, value });
      }),
    loading: async () => {
      while (loads.length === 0)
        await new Promise<void>((resolve) => {
          onLoad = resolve;
        });
      const load = loads.shift();
      return (answer) => void child.send({ load, answer });
    },
  };
  child.on('message', (message: Partial<Asked & Told>) => {
    if (message.id !== undefined) answers.get(message.id)?.(message.answer);
    if (message.load === undefined) return;
    if (it.isAnswered) child.send({ load: message.load, answer: data() });
    else loads.push(message.load);
    onLoad();
  });
  await once(child, 'message');
  return it;
}
