import type { Cache } from '@viewcache/core';
import { type ReadReason, type Running, readReason, recordIn, running } from '@viewcache/core/tracking';
import type { Dialect, Footprint } from '../statements/footprint-types.js';
import { ShownStatements } from '../statements/shown-statement.js';
import type { TableMap } from '../tables/table-map.js';
import type { Frames } from '../writes/frames.js';
import type { Cursors } from './cursors.js';
import { tagsRead } from './read.js';
import type { Statements } from './statements.js';

/** What reads of a data source are made into tags by. */
export interface ReadParts {
  /** What it is called where its writes and reads are explained. */
  readonly name: string;
  readonly cache: Cache;
  readonly dialect: Dialect;
  readonly statements: Statements;
  /** Its tables; `undefined` while they are being read: until then everything that is written may be any of them. */
  readonly map: () => TableMap | undefined;
  readonly tracksReads: boolean;
  readonly maxRows: number;
  readonly onFailure: (error: unknown) => void;
}

/** Something that is read. */
interface Asked {
  readonly scope: object | undefined;
  readonly footprints: () => readonly Footprint[];
  readonly parameters: unknown;
  readonly said: string;
}

/** Texts whose reasons are at hand, and the longest of them. */
const MOST_REASONS = 1_000;
const LONGEST_SAID = 4_000;

/** Makes what is read of a data source a dependency of what runs, and keeps that from being stored where it must not be. */
export class TrackedReads {
  readonly #parts: ReadParts;
  readonly #frames: Frames;
  readonly #cursors: Cursors;
  readonly #statements: ShownStatements;
  /** By text: to look one up by the name of the source and it costs as much as to put them together. */
  readonly #reasons = new Map<string, ReadReason>();

  constructor(parts: ReadParts, frames: Frames, cursors: Cursors) {
    this.#parts = parts;
    this.#frames = frames;
    this.#cursors = cursors;
    this.#statements = new ShownStatements(parts.dialect);
  }

  /**
   * Something is being read, in its caller's asynchronous context.
   *
   * @param scope - `undefined` outside any transaction
   * @param said - what it is called where reads are explained
   * @returns to be called when it has ended, in whatever context; `undefined` where nobody waits for that
   */
  reading(
    scope: object | undefined,
    footprints: () => readonly Footprint[],
    parameters: unknown,
    said: string,
  ): (() => void) | undefined {
    const run = this.#record({ scope, footprints, parameters, said });
    if (run === undefined || scope === undefined) return undefined;
    this.#doubt(scope, run);
    // Statements in front of it on the same connection may not have ended yet: what they are is known when it has.
    return () => this.#doubt(scope, run);
  }

  /** The same where the scope is known no sooner than it has ended. */
  readingSomewhere(
    footprints: () => readonly Footprint[],
    parameters: unknown,
    said: string,
  ): ((scope: object) => void) | undefined {
    const run = this.#record({ scope: undefined, footprints, parameters, said });
    return run && ((scope) => this.#doubt(scope, run));
  }

  /** @returns what runs, where it has read something */
  #record(asked: Asked): Running | undefined {
    const run = this.#parts.tracksReads ? running() : undefined;
    if (run === undefined) return undefined;
    try {
      return this.#recordIn(run, asked) ? run : undefined;
    } catch (error) {
      this.#parts.onFailure(error);
      // What it read is not known: nobody may keep what is made of it.
      run.refuseRead('older-snapshot', -1);
      return undefined;
    }
  }

  #recordIn(run: Running, { scope, footprints, parameters, said }: Asked): boolean {
    const { map: known, statements, cache, maxRows, name } = this.#parts;
    const map = known();
    if (map === undefined) {
      run.refuseRead('older-snapshot', -1);
      return false;
    }
    let reason: ReadReason | undefined;
    for (const footprint of footprints()) {
      let tags = tagsRead(footprint, parameters, { map, rowsOf: statements.rowsOf, maxRows });
      // Nobody knows what those read that carry out a text.
      if (footprint.textReaders?.every((name) => map.knowsFunction(name)) === false)
        run.refuseRead('older-snapshot', -1);
      if (footprint.cursor?.verb === 'fetch') {
        const cursor = this.#cursors.named(scope, footprint.cursor.name);
        run.refuseRead('older-snapshot', cursor?.since ?? -1);
        tags = [...tags, ...(cursor?.tags ?? [])];
      }
      if (tags.length === 0) continue;
      reason ??= this.#reasonOf(name, said);
      recordIn(run, cache, tags, reason);
    }
    return reason !== undefined;
  }

  #reasonOf(name: string, said: string): ReadReason {
    const known = this.#reasons.get(said);
    if (known !== undefined) return known;
    if (this.#reasons.size >= MOST_REASONS) this.#reasons.clear();
    const reason = readReason(name, this.#statements.shown(said));
    if (said.length <= LONGEST_SAID) this.#reasons.set(said, reason);
    return reason;
  }

  /** What is read in a transaction may be there for nobody else, or no longer. */
  #doubt(scope: object, run: Running): void {
    const openedAt = this.#frames.openedAt(scope);
    if (this.#frames.hasWritten(scope)) run.refuseRead('uncommitted-read', -1);
    else if (openedAt !== undefined) run.refuseRead('older-snapshot', openedAt);
  }
}
