import type { TagStamp } from '../../ports/stored-response.js';
import type { CommitVerdict, Fill } from '../../ports/tagged-store.js';
import { listOf, textOf } from './asker.js';
import type { RedisSession } from './connection.js';
import { lifetimesFor } from './lifetimes.js';
import type { ProtocolParts } from './protocol-parts.js';
import { COMMIT, runScript } from './scripts.js';
import { mergeStamps } from './stamps.js';
import { AT_ONCE, bytesOf, together } from './together.js';
import { RedisToken } from './token.js';
import { newEpoch, stampOf } from './values.js';

const UNAVAILABLE: CommitVerdict = { kind: 'unavailable' };

/** One fill on its way. */
interface Going {
  readonly at: number;
  readonly key: string;
  readonly token: RedisToken;
  readonly read: ReadonlyMap<string, number>;
  readonly stamped: readonly TagStamp[];
  readonly ttl: ReturnType<typeof lifetimesFor>;
  readonly frame: Buffer;
  /** Of a cluster: it is stored apart from its tags, in a step of its own. */
  readonly isApart: boolean;
}

/** Stores what was made, if none of its tags was invalidated since its token (PROTOCOL 4.8). */
export class RedisCommits {
  readonly #parts: ProtocolParts;

  constructor(parts: ProtocolParts) {
    this.#parts = parts;
  }

  /** Never rejects; the verdicts are in the order of the fills. */
  async commitMany(fills: readonly Fill[]): Promise<readonly CommitVerdict[]> {
    const verdicts = fills.map((): CommitVerdict => UNAVAILABLE);
    try {
      const all = fills.flatMap((fill, at) => this.#prepare(fill, at, verdicts));
      for (let at = 0; at < all.length; at += AT_ONCE) await this.#send(all.slice(at, at + AT_ONCE), verdicts);
    } catch {
      // What has no verdict by now is unavailable.
    }
    return verdicts;
  }

  #prepare(fill: Fill, at: number, verdicts: CommitVerdict[]): readonly Going[] {
    const { token, tags, key, ttlMs } = fill;
    verdicts[at] = { kind: 'refused' };
    if (!(token instanceof RedisToken) || !(ttlMs > 0)) return [];
    const read = mergeStamps(tags, token.sequence);
    if (read === undefined) {
      verdicts[at] = { kind: 'refused', tags: [...new Set(tags.map(({ tag }) => tag))] };
      return [];
    }
    verdicts[at] = UNAVAILABLE;
    const { epoch } = token.sequence;
    const stamped = [...read].map(([tag, n]): TagStamp => ({ tag, stamp: stampOf({ epoch, n }) }));
    const frame = bytesOf(fill.encode(stamped));
    const isApart = this.#parts.servers.spread !== undefined && !token.isBesideTags;
    return [{ at, key, token, read, stamped, ttl: lifetimesFor(ttlMs), frame, isApart }];
  }

  async #send(going: readonly Going[], verdicts: CommitVerdict[]): Promise<void> {
    const { asker, invalidator } = this.#parts;
    const session = asker.session('script');
    const answers = await asker.ask(
      'script',
      () => together(going.map((each) => this.#commit(session, each))),
      (settled) => (settled as readonly unknown[]).map((each) => (each === undefined ? undefined : listOf(each))),
    );
    const caughtUp = new Set<string>();
    const admitted = going.filter((each, i) => {
      const answer = answers[i];
      if (answer === undefined) return false;
      const names = [...each.read.keys()];
      const verdict = textOf(answer[0]);
      if (verdict === 'stored') return true;
      const places = answer.slice(1).map(Number);
      const nameAt = (place: number): string => names[Math.abs(place) - 1] ?? '';
      for (const place of places) if (place < 0) caughtUp.add(nameAt(place));
      // Another era has begun: nothing that was read before it is valid any more, whatever its tags.
      verdicts[each.at] = { kind: 'refused', tags: verdict === 'lost' ? names : places.map(nameAt) };
      return false;
    });
    // The data source has caught up by now: what was read from it until now goes once more, and not again.
    if (caughtUp.size > 0) await invalidator.invalidate([...caughtUp], 'soft', 0);
    const apart = admitted.filter(({ isApart }) => isApart);
    const isSet = apart.length === 0 ? [] : await this.#setApart(apart);
    for (const each of admitted) {
      const place = apart.indexOf(each);
      if (place === -1 || isSet[place] === true) verdicts[each.at] = { kind: 'stored', tags: each.stamped };
    }
  }

  #commit(session: RedisSession, { key, token, read, ttl, frame, isApart }: Going): Promise<unknown> {
    const { keys, servers } = this.#parts;
    const place = servers.spread === undefined ? keys.response(key) : keys.besideTags(key);
    return runScript(
      session,
      COMMIT,
      [keys.sequence, ...[...read.keys()].map((tag) => keys.tag(tag)), ...(isApart ? [] : [place])],
      [
        session.run,
        newEpoch(),
        String(ttl.sequence),
        token.sequence.epoch,
        String(ttl.tags),
        String(read.size),
        ...[...read.values()].map(String),
        ...(isApart ? [] : [frame, String(ttl.response)]),
      ],
    );
  }

  #setApart(going: readonly Going[]): Promise<readonly boolean[]> {
    const { asker, keys, servers } = this.#parts;
    return asker.ask(
      'set',
      () =>
        together(
          going.map(async ({ key, frame, ttl }) => {
            const name = keys.response(key);
            return await servers.spread?.send(name, ['SET', name, frame, 'PX', String(ttl.response)]);
          }),
        ),
      (settled) => (settled as readonly unknown[]).map((answer) => textOf(answer) === 'OK'),
    );
  }
}
