/**
 * Why a read put its tags onto what is made: which statement it was, and of which data source. One object for each text, which
 * whoever reads hands in again and again: nothing is copied on the way.
 */
export interface ReadReason {
  /** What the data source was called where it was watched. */
  readonly source: string;
  /** The statement, cut where it is very long. */
  readonly statement: string;
}

/** `declared`: named by an option, or by `view().dependsOn`. */
export type TagReason = ReadReason | 'declared';

/** Tags of one run of which it is remembered why they are there; of more it is not. */
const MOST_TAGS = 256;
/** Statements that are remembered for one tag. */
const MOST_READS = 4;
/** Parts that are remembered, and further things that nobody watches. */
const MOST_PARTS = 64;
const MOST_UNTRACKED = 16;
const LONGEST_WHY = 200;
/** What each costs in memory: its place in a map or a list. */
const BYTES_EACH = 48;

/** Why what one run makes has the tags it has: for a person who asks, in this process, as long as it is kept. */
export class TagReasons {
  /** Each part of it is among these, unless there are too many. */
  readonly #notesParts: boolean;
  readonly #reads = new Map<string, TagReason | TagReason[]>();
  /** By key, each with the very list of tags that it is kept with. */
  readonly #parts = new Map<string, readonly string[]>();
  /** It is known of each tag: one of which it is not has been declared. */
  isWhole = true;
  /** What it is made of besides that no watch sees. */
  readonly untracked = new Set<string>();

  constructor(notesParts: boolean) {
    this.#notesParts = notesParts;
  }

  get knowsParts(): boolean {
    return this.#notesParts && this.isWhole;
  }

  /** @param wasDeclared - the tag was there already, and by no read */
  read(tag: string, reason: TagReason, wasDeclared = false): void {
    const known = this.#reads.get(tag);
    if (known === undefined) {
      if (this.#reads.size >= MOST_TAGS) this.isWhole = false;
      else this.#reads.set(tag, wasDeclared ? ['declared', reason] : reason);
    } else if (known === reason) return;
    else if (!Array.isArray(known)) this.#reads.set(tag, [known, reason]);
    else if (known.length < MOST_READS && !known.includes(reason)) known.push(reason);
  }

  /** A tag is named that has been read, perhaps. */
  declare(tag: string): void {
    if (this.#reads.has(tag)) this.read(tag, 'declared');
  }

  part(key: string, tags: readonly string[]): void {
    if (this.#parts.size < MOST_PARTS) this.#parts.set(key, tags);
    else this.isWhole = false;
  }

  /** What a part is made of is part of the whole. */
  partsOf(other: TagReasons): void {
    for (const [key, tags] of other.#parts) this.part(key, tags);
  }

  leaveUntracked(why: string): void {
    if (this.untracked.size < MOST_UNTRACKED) this.untracked.add(why.slice(0, LONGEST_WHY));
  }

  /** Takes over those of another run, which has done this one's work, or has kept what this one keeps on. */
  takeOver(other: TagReasons): void {
    for (const [tag, reasons] of other.#reads)
      for (const reason of Array.isArray(reasons) ? reasons : [reasons]) this.read(tag, reason);
    this.partsOf(other);
    for (const why of other.untracked) this.leaveUntracked(why);
    this.isWhole &&= other.isWhole;
  }

  /**
   * Why there is this tag; empty where no read has put it there.
   *
   * @param isMeant - which of the tags that were read it stands for: more than one, where rows became their group
   */
  of(isMeant: (tag: string) => boolean): readonly TagReason[] {
    const found = new Set<TagReason>();
    for (const [tag, reasons] of this.#reads)
      if (isMeant(tag)) for (const reason of Array.isArray(reasons) ? reasons : [reasons]) found.add(reason);
    return [...found];
  }

  /** The keys of the parts that have brought this tag. */
  partsWith(tag: string): readonly string[] {
    return [...this.#parts].flatMap(([key, tags]) => (tags.includes(tag) ? [key] : []));
  }

  /** Bytes in memory, the statements aside: these are one text for all who read by them. */
  get bytes(): number {
    let bytes = (this.#reads.size + this.#parts.size + this.untracked.size) * BYTES_EACH;
    for (const [tag, reasons] of this.#reads) bytes += tag.length + (Array.isArray(reasons) ? BYTES_EACH : 0);
    for (const key of this.#parts.keys()) bytes += key.length;
    for (const why of this.untracked) bytes += why.length * 2;
    return bytes;
  }
}

/** Statements that are known by their text, and the longest that is shown. */
const STATEMENTS = 2_000;
const LONGEST_STATEMENT = 500;
const known = new Map<string, ReadReason>();

/** The one reason of a statement of a data source: the same object for the same texts, as long as it is remembered. */
export function readReason(source: string, statement: string): ReadReason {
  const text = statement.length > LONGEST_STATEMENT ? `${statement.slice(0, LONGEST_STATEMENT)}…` : statement;
  const id = `${source}\0${text}`;
  let reason = known.get(id);
  if (reason === undefined) {
    reason = Object.freeze({ source, statement: text });
    if (known.size >= STATEMENTS) known.delete(known.keys().next().value ?? '');
    known.set(id, reason);
  }
  return reason;
}
