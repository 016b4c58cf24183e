import { randomBytes } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { ConfigError } from '../../base/errors.js';
import { BEAT_MS, held, holderOf, isThere, readHolder } from './journal-holder.js';

/** The right to write a journal, which one process has at a time, and one strategy of that. */
export class JournalLock {
  /** Of this lock alone, also as part of the name of a file. */
  readonly token: string;
  readonly #file: string;
  readonly #text: string;
  readonly #beat: NodeJS.Timeout;
  #isLost = false;
  #onLost: () => void = () => {};

  private constructor(file: string, token: string, text: string) {
    this.token = token;
    this.#file = file;
    this.#text = text;
    this.#beat = setInterval(() => this.#stayHolder(), BEAT_MS).unref();
    held.add(token);
  }

  /**
   * Takes the lock of a journal.
   *
   * @param setting - for the error
   * @param journal - by its one name
   * @throws {@link ConfigError} where another one has it, or the folder cannot be written
   */
  static take(setting: string, journal: string): JournalLock {
    const file = `${journal}.lock`;
    const token = randomBytes(9).toString('base64url');
    const text = JSON.stringify(holderOf(token));
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        writeFileSync(file, text, { flag: 'wx', mode: 0o600 });
        return new JournalLock(file, token, text);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
          throw new ConfigError(
            setting,
            journal,
            `a file in a folder that can be written (${(error as Error).message})`,
          );
      }
      const stale = readText(file);
      const found = readHolder(stale);
      if (found !== undefined && isThere(file, found))
        throw new ConfigError(
          setting,
          journal,
          'a file of its own for each strategy of each process, or a queue',
          undefined,
          `is held by process ${found.pid} on ${found.host}`,
        );
      removeStale(file, stale, token);
    }
    throw new ConfigError(setting, journal, 'a file that no other process takes at the same time');
  }

  /** Told once that another process has taken it, which was sure that this one had ended. */
  onLost(listener: () => void): void {
    this.#onLost = listener;
  }

  /** Looks whether it is still this one's: whoever takes it reads what is in the journal by then, and nothing that comes later. */
  isHeld(): boolean {
    if (!this.#isLost && readText(this.#file) !== this.#text) {
      this.#isLost = true;
      this.#onLost();
    }
    return !this.#isLost;
  }

  release(): void {
    clearInterval(this.#beat);
    held.delete(this.token);
    if (!this.#isLost && readText(this.#file) === this.#text) rmSync(this.#file, { force: true });
  }

  #stayHolder(): void {
    try {
      if (this.isHeld()) utimesSync(this.#file, new Date(), new Date());
    } catch {
      // A folder that is away for a moment takes the lock from nobody.
    }
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

/** By another name first: what another process has made in its place meanwhile is put back. */
function removeStale(file: string, stale: string, token: string): void {
  const aside = `${file}.${token}`;
  try {
    renameSync(file, aside);
    if (readText(aside) !== stale) linkSync(aside, file);
  } catch {
    // Somebody else was faster.
  }
  rmSync(aside, { force: true });
}
