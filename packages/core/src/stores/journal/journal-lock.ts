import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { ConfigError } from '../../base/errors.js';

/** How often a holder says that it is still there. */
const BEAT_MS = 5_000;
/** A holder of another machine that has said nothing for so long is gone. */
const SILENT_MS = 30_000;

/** Who holds a journal. */
interface Holder {
  readonly host: string;
  readonly pid: number;
  /** When it was started, as its system counts: the same number may be another process's by now. */
  readonly started: string;
}

/** The locks of this process: a file that says its number may be of one before it, as in containers. */
const held = new Set<string>();

/** The right to write a journal, which one process has at a time. */
export class JournalLock {
  readonly #file: string;
  readonly #text: string;
  readonly #beat: NodeJS.Timeout;
  #isLost = false;

  private constructor(file: string, text: string) {
    this.#file = file;
    this.#text = text;
    this.#beat = setInterval(() => this.#stayHolder(), BEAT_MS).unref();
    held.add(file);
  }

  /**
   * Takes the lock of a journal.
   *
   * @param setting - for the error
   * @throws {@link ConfigError} where another process has it, or the folder cannot be written
   */
  static take(setting: string, journal: string): JournalLock {
    const file = `${journal}.lock`;
    const text = JSON.stringify({ host: hostname(), pid: process.pid, started: startOf(process.pid) } satisfies Holder);
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        writeFileSync(file, text, { flag: 'wx' });
        return new JournalLock(file, text);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
          throw new ConfigError(
            setting,
            journal,
            `a file in a folder that can be written (${(error as Error).message})`,
          );
      }
      const stale = readText(file);
      const found = holderIn(stale);
      if (found !== undefined && isThere(file, found))
        throw new ConfigError(
          setting,
          journal,
          'a file of its own for each process, or a queue',
          undefined,
          `is held by process ${found.pid} on ${found.host}`,
        );
      removeStale(file, stale);
    }
    throw new ConfigError(setting, journal, 'a file that no other process takes at the same time');
  }

  /** Another process has taken it, which was sure that this one had ended. */
  get isLost(): boolean {
    return this.#isLost;
  }

  release(): void {
    clearInterval(this.#beat);
    held.delete(this.#file);
    if (!this.#isLost && this.#isOurs()) rmSync(this.#file, { force: true });
  }

  #stayHolder(): void {
    try {
      if (this.#isOurs()) utimesSync(this.#file, new Date(), new Date());
      else this.#isLost = true;
    } catch {
      // A folder that is away for a moment takes the lock from nobody.
    }
  }

  #isOurs(): boolean {
    return readText(this.#file) === this.#text;
  }
}

/** Nothing where it is gone by now. */
function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function holderIn(text: string): Holder | undefined {
  try {
    const holder = JSON.parse(text) as Partial<Holder>;
    return typeof holder.pid === 'number' && typeof holder.host === 'string' ? (holder as Holder) : undefined;
  } catch {
    // Its maker has ended before it had written it.
    return undefined;
  }
}

function isThere(file: string, { host, pid, started }: Holder): boolean {
  if (host !== hostname()) return Date.now() - modifiedAt(file) < SILENT_MS;
  if (pid === process.pid) return held.has(file);
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process is one.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return startOf(pid) === started;
}

function modifiedAt(file: string): number {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}

/** By another name first: what another process has made in its place meanwhile is put back. */
function removeStale(file: string, stale: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    if (readText(aside) !== stale) linkSync(aside, file);
  } catch {
    // Somebody else was faster.
  }
  rmSync(aside, { force: true });
}

/** When a process was started, where the system tells; else nothing, and its number has to do. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of a program may have spaces and brackets in it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
