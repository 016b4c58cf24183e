import type { TagStamp } from '../ports/stored-response.js';
import type { CommitVerdict, Fill, Put } from '../ports/tagged-store.js';
import { type Nonce, readNonce } from './nonce.js';
import type { Entry, NonceLedger, Placing } from './nonce-ledger.js';
import { mergeStamps, NonceToken } from './nonce-token.js';

const UNAVAILABLE: CommitVerdict = { kind: 'unavailable' };
const REFUSED: CommitVerdict = { kind: 'refused' };
/** What is asked about and stored at once: each has a few tags, and all of it has to be done within a deadline. */
const AT_ONCE = 200;

/** What is to be stored, and what is asked of its tags before. */
interface Wanted {
  readonly stamps: ReadonlyMap<string, string>;
  readonly token: NonceToken;
  /** A tag that may have been invalidated as it likes, since the value itself invalidates it. */
  readonly free: string | undefined;
}

/** The nonces of all tags of one {@link Wanted}, or why it is not stored. */
type Prepared = ReadonlyMap<string, Nonce> | CommitVerdict;

/** Stores what was made, and what is put, where the nonces of the tags allow it (PROTOCOL 4.11, 4.14, 4.15). Never rejects. */
export class NonceWriter {
  readonly #ledger: NonceLedger;
  readonly #purge: (tags: readonly string[]) => Promise<boolean>;

  /** @param purge - invalidates tags, together with what else is being invalidated */
  constructor(ledger: NonceLedger, purge: (tags: readonly string[]) => Promise<boolean>) {
    this.#ledger = ledger;
    this.#purge = purge;
  }

  async nonces(tags: readonly string[]): Promise<(Nonce | undefined | null)[]> {
    const readings = await this.#ledger.read(tags.map((tag) => this.#ledger.keys.tag(tag)));
    return readings.map((reading) => (reading === null ? null : readNonce(reading)));
  }

  /** Gives each predicted tag a nonce, and reads it, before the handler runs. What stays missing was not predicted. */
  async plantMissing(token: NonceToken, isMarkTold: boolean): Promise<void> {
    const missing = [...token.tags]
      .filter(([tag, nonce]) => nonce === undefined && !token.untold.has(tag))
      .map(([tag]) => tag);
    const plantMark = async (): Promise<void> => {
      if (isMarkTold) token.mark ??= await this.#ledger.plantMark();
    };
    const plantTags = async (): Promise<void> => {
      const nonces = await this.#plant(missing);
      for (const [i, tag] of missing.entries()) token.tags.set(tag, nonces[i]);
    };
    await Promise.all([plantMark(), plantTags()]);
  }

  async commitMany(fills: readonly Fill[]): Promise<readonly CommitVerdict[]> {
    return await inSteps(fills, (some) => this.#commitMany(some));
  }

  async putMany(puts: readonly Put[]): Promise<readonly CommitVerdict[]> {
    return await inSteps(puts, (some) => this.#putMany(some));
  }

  async #commitMany(fills: readonly Fill[]): Promise<readonly CommitVerdict[]> {
    const wanted = fills.map(({ token, tags, ttlMs }): Wanted | CommitVerdict => {
      const stamps = mergeStamps(tags);
      if (!(token instanceof NonceToken) || !(ttlMs > 0) || stamps === undefined) return REFUSED;
      return { stamps, token, free: undefined };
    });
    for (const { ttlMs } of fills) this.#ledger.outlive(ttlMs);
    const prepared = await this.#prepareAll(wanted);
    const verdicts = fills.map((_, i): CommitVerdict => verdictOf(prepared[i]) ?? UNAVAILABLE);
    const going = fills.flatMap((fill, i) => {
      const nonces = prepared[i];
      if (nonces === undefined || 'kind' in nonces) return [];
      const tags = stamped(nonces);
      const entry = { key: this.#ledger.keys.response(fill.key), frame: fill.encode(tags), ttlMs: fill.ttlMs };
      return [{ i, tags, entry, fill }];
    });
    const isStored = await this.#write(going.map(({ entry, fill }) => ({ entry, fill })));
    for (const [at, { i, tags }] of going.entries()) {
      if (isStored[at] === true) verdicts[i] = { kind: 'stored', tags };
      else if (isStored[at] === 'replaced') verdicts[i] = REFUSED;
    }
    return verdicts;
  }

  async #putMany(puts: readonly Put[]): Promise<readonly CommitVerdict[]> {
    for (const { ttlMs } of puts) this.#ledger.outlive(ttlMs);
    const [now, lying] = await Promise.all([this.#tokenNow(puts), this.#lying(puts)]);
    const wanted = puts.map((put): Wanted | CommitVerdict => {
      const { token = now, tags, ttlMs, ownTag, onlyIf } = put;
      // Who has not read what was there cannot say that it is unchanged.
      if (token === undefined || (put.token === undefined && onlyIf === 'unchanged')) return UNAVAILABLE;
      const stamps = mergeStamps([...tags, { tag: ownTag, stamp: '' }]);
      if (!(token instanceof NonceToken) || !(ttlMs > 0) || stamps === undefined) return REFUSED;
      return { stamps, token, free: put.token === undefined ? ownTag : undefined };
    });
    const prepared = await this.#prepareAll(wanted);
    const verdicts = puts.map((put, i): CommitVerdict => {
      // What this process has invalidated before the nonces were read is none of what they say.
      if (put.token === undefined && put.isStillGood?.() === false) return REFUSED;
      return verdictOf(prepared[i]) ?? UNAVAILABLE;
    });
    const going = puts.flatMap((put, i) => {
      const nonces = prepared[i];
      const want = wanted[i];
      if (nonces === undefined || 'kind' in nonces || want === undefined || 'kind' in want) return [];
      if (verdicts[i]?.kind === 'refused') return [];
      const placing = this.#placing(put, want.token, nonces, lying);
      if (placing !== undefined) return [{ i, nonces, placing, ownTag: put.ownTag }];
      return [];
    });
    const placings = going.map(({ placing }) => placing);
    const placed = placings.length === 0 ? [] : await this.#ledger.put(placings, this.#purge).catch(() => []);
    for (const [at, { i, nonces, ownTag }] of going.entries()) {
      const came = placed[at] ?? 'unavailable';
      if (came === 'unavailable') continue;
      verdicts[i] = came === 'refused' ? REFUSED : { kind: 'stored', tags: stamped(nonces, ownTag, came.nonce) };
    }
    return verdicts;
  }

  /**
   * What lies where values are to be put that are older than the call, by where; nothing of what cannot be told. Whoever puts
   * something there has told the log before: so it is either found there, or has replaced what was seen here.
   */
  async #lying(puts: readonly Put[]): Promise<NonceToken['seen']> {
    const places = puts.flatMap(({ key, token, onlyIf }) =>
      token !== undefined && onlyIf === 'always' ? [this.#ledger.keys.response(key)] : [],
    );
    const lying: NonceToken['seen'] = new Map();
    if (places.length === 0) return lying;
    const sightings = await this.#ledger.look(places).catch(() => []);
    for (const [i, place] of places.entries()) {
      const { reading, unique } = sightings[i] ?? { reading: null, unique: undefined };
      if (reading !== null) lying.set(place, unique);
    }
    return lying;
  }

  /** What is known of the tags now, for values that are good as of now: those that are missing are given nonces. */
  async #tokenNow(puts: readonly Put[]): Promise<NonceToken | undefined> {
    const isOfNow = puts.filter(({ token, onlyIf }) => token === undefined && onlyIf === 'always');
    const tags = [
      ...new Set(isOfNow.flatMap((put) => put.tags.map(({ tag }) => tag).filter((tag) => tag !== put.ownTag))),
    ];
    const token = new NonceToken(undefined);
    if (tags.length === 0) return token;
    try {
      const nonces = await this.nonces(tags);
      for (const [i, tag] of tags.entries()) token.note(tag, nonces[i]);
      await this.plantMissing(token, false);
      return token;
    } catch {
      return undefined;
    }
  }

  /** @param lying - what names the values in whose place older ones are to be put, seen before their tags were asked about */
  #placing(
    put: Put,
    token: NonceToken,
    nonces: ReadonlyMap<string, Nonce>,
    lying: NonceToken['seen'],
  ): Placing | undefined {
    const key = this.#ledger.keys.response(put.key);
    const { ownTag, onlyIf, ttlMs } = put;
    const nonce = nonces.get(ownTag) ?? '';
    const seen = onlyIf === 'unchanged' ? token.seen : lying;
    if (put.token !== undefined && !seen.has(key)) return undefined;
    return {
      key,
      ownTag,
      ttlMs,
      over: put.token === undefined ? undefined : { unique: seen.get(key), nonce },
      mayGoOn: () => put.isStillGood?.() !== false,
      frame: (stamp) => put.encode(stamped(nonces, ownTag, stamp)),
    };
  }

  /** What lasts longer, and is as it was, is stored over what it was, and over nothing else. */
  async #write(
    all: readonly { readonly entry: Entry; readonly fill: Fill }[],
  ): Promise<readonly (boolean | 'replaced')[]> {
    const [first] = all;
    if (first !== undefined && all.length === 1 && this.#ledger.swap !== undefined) {
      const { entry, fill } = first;
      const name = (fill.token as NonceToken).seen.get(entry.key);
      if (name !== undefined && fill.tags.length > 0 && fill.tags.every(({ stamp }) => stamp !== '')) {
        const isStored = await this.#ledger.swap(entry, name);
        return [isStored === false ? 'replaced' : isStored === true];
      }
    }
    return await this.#ledger.write(all.map(({ entry }) => entry));
  }

  async #prepareAll(wanted: readonly (Wanted | CommitVerdict)[]): Promise<readonly Prepared[]> {
    try {
      return await this.#prepare(wanted);
    } catch {
      return wanted.map((each) => ('kind' in each ? each : UNAVAILABLE));
    }
  }

  /**
   * 4.14 and 4.15 COMMIT. Predicted tags must still have the nonce that was read before the handler; for the others the
   * nonces are read first and the mark after them, so that no invalidation lies between the handler's reads and their
   * nonces.
   *
   * The predicted ones are compared again although the response would be harmless with old nonces: it would never be
   * valid, but `stored` also hands it to those who waited (4.4, W-rule (b)), and lets L1 trust it from now on.
   */
  async #prepare(wanted: readonly (Wanted | CommitVerdict)[]): Promise<readonly Prepared[]> {
    const tags = [
      ...new Set(
        wanted.flatMap((each) => ('kind' in each ? [] : [...each.stamps.keys()].filter((tag) => tag !== each.free))),
      ),
    ];
    const read = tags.length === 0 ? [] : await this.nonces(tags);
    const now = new Map(tags.map((tag, i) => [tag, read[i]]));
    const compared = wanted.map((each): Wanted | CommitVerdict =>
      'kind' in each ? each : (compare(each, now) ?? each),
    );
    const needed = new Set(compared.flatMap((each) => ('kind' in each ? [] : [...each.stamps.keys()])));
    const missing = tags.filter((tag) => now.get(tag) === undefined && needed.has(tag));
    const planted = await this.#plant(missing);
    for (const [i, tag] of missing.entries()) now.set(tag, planted[i]);
    const loud = await this.#loud(compared);
    return compared.map((each) => {
      if ('kind' in each) return each;
      return loud.has(each) ? REFUSED : noncesOf(each, now);
    });
  }

  /** Those of whose unpredicted tags one was invalidated since their token: asked for all of one token at once. */
  async #loud(all: readonly (Wanted | CommitVerdict)[]): Promise<ReadonlySet<Wanted>> {
    const byToken = new Map<NonceToken, Wanted[]>();
    for (const each of all) {
      if ('kind' in each || unpredicted(each).length === 0) continue;
      const others = byToken.get(each.token);
      if (others === undefined) byToken.set(each.token, [each]);
      else others.push(each);
    }
    const loud = new Set<Wanted>();
    for (const [{ mark }, some] of byToken) {
      if (await this.#ledger.isQuietSince(mark, [...new Set(some.flatMap(unpredicted))])) continue;
      for (const each of some) {
        const isQuiet = some.length > 1 && (await this.#ledger.isQuietSince(mark, unpredicted(each)));
        if (!isQuiet) loud.add(each);
      }
    }
    return loud;
  }

  async #plant(tags: readonly string[]): Promise<(Nonce | undefined)[]> {
    if (tags.length === 0) return [];
    return [...(await this.#ledger.plant(tags.map((tag) => this.#ledger.keys.tag(tag))))];
  }
}

/** Does for some of them after others what nothing does for all in time. */
async function inSteps<T>(
  all: readonly T[],
  run: (some: readonly T[]) => Promise<readonly CommitVerdict[]>,
): Promise<readonly CommitVerdict[]> {
  if (all.length <= AT_ONCE) return await run(all);
  const verdicts: CommitVerdict[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE) verdicts.push(...(await run(all.slice(at, at + AT_ONCE))));
  return verdicts;
}

/** Why it is not stored, as far as what is known of the tags now says so. */
function compare(
  { stamps, token, free }: Wanted,
  now: ReadonlyMap<string, Nonce | undefined | null>,
): CommitVerdict | undefined {
  let isUntold = false;
  for (const [tag, stamp] of stamps) {
    if (tag === free) continue;
    const nonce = now.get(tag);
    if (nonce === null) isUntold = true;
    else if ([stamp || undefined, token.tags.get(tag)].some((known) => known !== undefined && known !== nonce))
      return REFUSED;
  }
  return isUntold ? UNAVAILABLE : undefined;
}

function noncesOf({ stamps, free }: Wanted, now: ReadonlyMap<string, Nonce | undefined | null>): Prepared {
  const nonces = new Map<string, Nonce>();
  for (const tag of stamps.keys()) {
    const nonce = tag === free ? '' : now.get(tag);
    if (nonce === undefined || nonce === null) return UNAVAILABLE;
    nonces.set(tag, nonce);
  }
  return nonces;
}

function unpredicted({ stamps, token, free }: Wanted): readonly string[] {
  return [...stamps.keys()].filter((tag) => tag !== free && token.tags.get(tag) === undefined);
}

function verdictOf(prepared: Prepared | undefined): CommitVerdict | undefined {
  return prepared !== undefined && 'kind' in prepared ? prepared : undefined;
}

function stamped(nonces: ReadonlyMap<string, Nonce>, ownTag?: string, own = ''): readonly TagStamp[] {
  return [...nonces].map(([tag, stamp]) => ({ tag, stamp: tag === ownTag ? own : stamp }));
}
