import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { WriterOrders } from './crash-writer.js';

const program = fileURLToPath(new URL('crash-writer.js', import.meta.url));

/** A process that writes, and what of it was acknowledged. */
export class Writer {
  /** The last value of each key. */
  readonly acknowledged = new Map<string, number>();
  /** Lines it has said that are no acknowledgement. */
  readonly said: string[] = [];
  count = 0;
  readonly #child: ChildProcess;
  #errors = '';
  #wake: () => void = () => {};
  readonly #ended: Promise<void>;

  constructor(orders: WriterOrders) {
    this.#child = spawn(process.execPath, ['--disable-warning=ViewcacheWarning', program, JSON.stringify(orders)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stderr?.on('data', (part) => {
      this.#errors += part;
    });
    const lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream });
    lines.on('line', (line) => this.#hear(line));
    // What it has said before it ended is heard after its end.
    this.#ended = Promise.all([once(this.#child, 'exit'), once(lines, 'close')]).then(() => this.#wake());
  }

  /** Waits until it has said that so many were acknowledged, or until it has ended. */
  async acknowledges(count: number): Promise<void> {
    await this.#until(() => this.count >= count);
  }

  async says(word: string): Promise<void> {
    await this.#until(() => this.said.includes(word));
  }

  /** @returns the code or the signal by which it has ended */
  async end(signal?: NodeJS.Signals): Promise<number | string | null> {
    if (signal !== undefined) this.#child.kill(signal);
    await this.#ended;
    if (this.#errors !== '') throw new Error(this.#errors);
    return this.#child.exitCode ?? this.#child.signalCode;
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`it has ended: ${this.#errors}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #hear(line: string): void {
    const [key = '', value] = line.split(' ');
    if (value === undefined) this.said.push(line);
    else {
      this.count++;
      this.acknowledged.set(key, Number(value));
    }
    this.#wake();
  }
}

/** What is wrong with a database, if anything: acknowledged writes that are not in it, and older ones over newer ones. */
export function faultsOf(database: string, acknowledged: ReadonlyMap<string, number>): string[] {
  const last = new Map<string, { readonly value: number; readonly version: number }>();
  const faults: string[] = [];
  for (const line of readFileSync(database, 'utf8').split('\n').slice(0, -1)) {
    const [key = '', ...numbers] = line.split(' ');
    const [value = 0, version = 0] = numbers.map(Number);
    const before = last.get(key);
    if (before !== undefined && (value < before.value || version < before.version))
      faults.push(`${key}: ${value} (${version}) over ${before.value} (${before.version})`);
    last.set(key, { value, version });
  }
  for (const [key, value] of acknowledged)
    if ((last.get(key)?.value ?? 0) < value) faults.push(`${key}: ${value} is lost`);
  return faults;
}

/** How many times a row was saved. */
export function savesOf(database: string): number {
  return readFileSync(database, 'utf8').split('\n').length - 1;
}
