import type { TagStamp } from '../../ports/stored-response.js';
import type { CommitVerdict, Put, SharedToken } from '../../ports/tagged-store.js';
import { listOf, textOf } from './asker.js';
import type { RedisSession } from './connection.js';
import { lifetimesFor } from './lifetimes.js';
import type { ProtocolParts } from './protocol-parts.js';
import { PUT, runScript } from './scripts.js';
import { mergeStamps } from './stamps.js';
import { AT_ONCE, bytesOf, together } from './together.js';
import { RedisToken } from './token.js';
import { newEpoch, type Sequence, stampOf } from './values.js';

/** How often a value that is good as of now is put before somebody else's invalidations have their way. */
const ATTEMPTS = 4;
const UNAVAILABLE: CommitVerdict = { kind: 'unavailable' };

/** One put on its way. */
interface Going {
  readonly put: Put;
  readonly place: number;
  /** As of when the value is good. */
  readonly since: Sequence;
  /** Whether it is refused where its key's tag has moved since. */
  readonly isBound: boolean;
}

/**
 * Puts values in the place of what was there, each in one step with the invalidation of that (PROTOCOL 4.11).
 *
 * A value that is good as of now is put under the last number that the server has told before: so a put that is carried
 * out long after it was given up loses against whatever has been said in between. Who is refused for that puts it again,
 * under the number that the refusal told.
 */
export class RedisPuts {
  readonly #parts: ProtocolParts;
  readonly #ask: (session: RedisSession) => Promise<Sequence>;
  #latest: { readonly session: RedisSession; readonly sequence: Sequence } | undefined;

  /** @param ask - what the sequence says now */
  constructor(parts: ProtocolParts, ask: (session: RedisSession) => Promise<Sequence>) {
    this.#parts = parts;
    this.#ask = ask;
  }

  /** What the server has told of the sequence. */
  note(session: RedisSession, sequence: Sequence): void {
    this.#latest = { session, sequence };
  }

  /** Never rejects; the verdicts are in the order of the puts. */
  async putMany(puts: readonly Put[]): Promise<readonly CommitVerdict[]> {
    const verdicts = puts.map((): CommitVerdict => UNAVAILABLE);
    try {
      const session = this.#parts.asker.session('script');
      const now = this.#latest?.session === session ? this.#latest.sequence : await this.#ask(session);
      let left = puts.flatMap((put, place): Going[] => {
        const { token, onlyIf, ttlMs } = put;
        if (token === undefined && put.isStillGood?.() === false) {
          verdicts[place] = { kind: 'refused' };
          return [];
        }
        const since = token === undefined ? now : sequenceOf(token);
        const isOfNow = token === undefined;
        // Who has not read what was there cannot say that it is unchanged.
        if (onlyIf === 'unchanged' && (isOfNow || (token instanceof RedisToken && token.isBlind))) return [];
        if (since !== undefined && ttlMs > 0) return [{ put, place, since, isBound: true }];
        verdicts[place] = { kind: 'refused' };
        return [];
      });
      for (let attempt = 0; attempt < ATTEMPTS && left.length > 0; attempt++)
        left = await this.#send(session, left, verdicts);
    } catch {
      // What has no verdict by now is unavailable.
    }
    return verdicts;
  }

  /** Says which have to be sent again. */
  async #send(session: RedisSession, going: readonly Going[], verdicts: CommitVerdict[]): Promise<Going[]> {
    const again: Going[] = [];
    const caughtUp = new Set<string>();
    for (let at = 0; at < going.length; at += AT_ONCE) {
      const some = going.slice(at, at + AT_ONCE);
      for (const each of some) verdicts[each.place] = UNAVAILABLE;
      const answers = await this.#putAll(session, some);
      for (const [i, each] of some.entries()) {
        const answer = answers[i];
        if (answer === undefined) continue;
        this.note(session, answer.sequence);
        for (const tag of answer.caughtUp ?? []) caughtUp.add(tag);
        verdicts[each.place] = answer.verdict;
        const isOfNow = each.put.token === undefined;
        if (answer.verdict.kind === 'refused' && isOfNow && each.put.isStillGood?.() !== false)
          again.push({ ...each, since: answer.sequence, isBound: false });
      }
    }
    if (caughtUp.size > 0) await this.#parts.invalidator.invalidate([...caughtUp], 'soft', 0);
    return again;
  }

  async #putAll(session: RedisSession, some: readonly Going[]): Promise<readonly (Answer | undefined)[]> {
    let isGivenUp = false;
    const putAll = async (): Promise<readonly (Answer | undefined)[]> => {
      const answers = await together(some.map((each) => this.#put(session, each)));
      // What is carried out after all, nobody has been told of in this process: the bus tells the others.
      if (isGivenUp) {
        const late = some.filter((_, i) => answers[i]?.verdict.kind === 'stored');
        if (late.length > 0) this.#parts.hear(late.map(({ put }) => put.ownTag));
      }
      return answers;
    };
    try {
      return await this.#parts.asker.ask('script', putAll, (answers) => answers as readonly (Answer | undefined)[]);
    } catch (error) {
      isGivenUp = true;
      throw error;
    }
  }

  async #put(session: RedisSession, { put, since, isBound }: Going): Promise<Answer> {
    const { keys, servers, invalidator } = this.#parts;
    const { ownTag, onlyIf, key } = put;
    const read = mergeStamps([{ tag: ownTag, stamp: '' }, ...put.tags], since);
    const names = read === undefined ? [...new Set(put.tags.map(({ tag }) => tag))] : [...read.keys()];
    if (read === undefined) return { verdict: { kind: 'refused', tags: names }, sequence: since };
    const name = newEpoch();
    const stampsFor = (own: Sequence & { readonly put?: string }): readonly TagStamp[] =>
      names.map((tag) => ({
        tag,
        stamp: stampOf(tag === ownTag ? own : { epoch: since.epoch, n: read.get(tag) ?? 0 }),
      }));
    const ttl = lifetimesFor(put.ttlMs);
    const frame = bytesOf(put.encode(stampsFor({ ...since, put: name })));
    const isTogether = servers.spread === undefined || onlyIf === 'unchanged';
    const place = servers.spread === undefined ? keys.response(key) : keys.besideTags(key);
    const reply = listOf(
      await runScript(
        session,
        PUT,
        [keys.sequence, ...names.map((tag) => keys.tag(tag)), place],
        [
          session.run,
          newEpoch(),
          String(ttl.sequence),
          since.epoch,
          String(ttl.tags),
          String(names.length),
          ...names.map((tag) => (tag === ownTag && !isBound ? '' : String(read.get(tag)))),
          name,
          ...invalidator.message([ownTag], 'soft'),
          ...(isTogether ? [frame, String(ttl.response)] : []),
        ],
      ),
    );
    const [said, epoch, n] = reply.slice(0, 3).map(textOf);
    const sequence = { epoch: String(epoch), n: Number(n) };
    if (said !== 'stored') {
      const places = reply.slice(3).map(Number);
      const named = (chosen: readonly number[]): string[] => chosen.map((at) => names[Math.abs(at) - 1] ?? '');
      return {
        verdict: { kind: 'refused', tags: said === 'lost' ? names : named(places) },
        sequence,
        caughtUp: named(places.filter((at) => at < 0)),
      };
    }
    if (!isTogether) {
      const response = keys.response(key);
      const words = ['SET', response, frame, 'PX', String(ttl.response)];
      if (textOf(await servers.spread?.send(response, words)) !== 'OK') return { verdict: UNAVAILABLE, sequence };
    }
    return { verdict: { kind: 'stored', tags: stampsFor(sequence) }, sequence };
  }
}

interface Answer {
  readonly verdict: CommitVerdict;
  readonly sequence: Sequence;
  /** The data source has caught up by now: what was read from it until now goes once more, and not again. */
  readonly caughtUp?: readonly string[];
}

function sequenceOf(token: SharedToken): Sequence | undefined {
  return token instanceof RedisToken ? token.sequence : undefined;
}
