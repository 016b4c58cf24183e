import type { TestVisitor } from './harness.js';
import { type Candidate, Engine, type Flight, Lead, RetryQueue, TagTable, type Visitor } from './internals.js';

/*
 * Engines that do it wrong, each in a way that some cache does it: the races must find every one of them. The numbers
 * are those of docs/reference/invalidation-protocol.md.
 */

const withToken = (owner: Engine, lead: Lead, token: number): Lead => new Lead(owner, lead.visitor, { ...lead, token });

/** The fill token is taken when the response is stored, as by a timestamp or a version read at the end (T1, T3). */
export class TakesTokenLate extends Engine {
  override complete(lead: Lead, candidate: Candidate): void {
    super.complete(withToken(this, lead, Number.MAX_SAFE_INTEGER), candidate);
  }
}

/** A tag is looked at first when the handler declares it: right for tags declared before the read, wrong after it. */
export class TakesTokenAtDeclaration extends Engine {
  override complete(lead: Lead, candidate: Candidate): void {
    const { declaredAt } = lead.visitor as TestVisitor;
    super.complete(withToken(this, lead, declaredAt ?? lead.token), candidate);
  }
}

/** Those who wait are given whatever the leader got, whenever they came (T8). */
export class GivesToWhoeverWaits extends Engine {
  override complete(lead: Lead, candidate: Candidate): void {
    const { flight } = lead;
    if (flight !== undefined) flight.waiters = flight.waiters.map((waiter) => ({ ...waiter, isEarly: true }));
    super.complete(lead, candidate);
  }
}

/** Something else than going on together becomes of those who may not take the result. */
abstract class SplitsThoseWhoWait extends Engine {
  override complete(lead: Lead, candidate: Candidate): void {
    const late = (lead.flight?.waiters ?? []).filter(({ isEarly }) => !isEarly);
    const isRefused = !this.admits(lead, candidate);
    if (isRefused && lead.flight !== undefined)
      lead.flight.waiters = lead.flight.waiters.filter(({ isEarly }) => isEarly);
    super.complete(lead, candidate);
    if (isRefused) for (const { visitor } of late) this.sendOn(visitor);
  }

  protected abstract sendOn(visitor: Visitor): void;
}

/** Those who may not take the result ask again one by one, each as if it had just come (T10). */
export class AsksAgainOneByOne extends SplitsThoseWhoWait {
  protected override sendOn(visitor: Visitor): void {
    this.fetch(visitor);
  }
}

/** Those who may not take the result run their own handlers, all at once: no wait, and no collapse either. */
export class SendsEverybodyAlone extends SplitsThoseWhoWait {
  protected override sendOn(visitor: Visitor): void {
    this.fetchAlone(visitor, 'miss');
  }
}

/** What is invalidated is only deleted: a response under way is stored after it, and stays (T11). */
export class DeletesOnly extends TagTable {
  onDelete: () => void = () => {};

  override invalidate(tags: Iterable<string>, mode: 'soft' | 'hard'): number {
    const at = super.invalidate(tags, mode);
    this.onDelete();
    return at;
  }

  override admits(): boolean {
    return true;
  }

  override validity(): 'valid' {
    return 'valid';
  }
}

/** Who comes while the commit is under way still joins, and is given what is stored (T8). */
export class JoinsWhileCommitting extends Engine {
  #sealed: Flight | undefined;

  override complete(lead: Lead, candidate: Candidate): void {
    const { flight } = lead;
    if (flight === undefined) {
      super.complete(lead, candidate);
      return;
    }
    const { takeWaiters } = flight;
    let taken = 0;
    flight.takeWaiters = () => {
      // The first time for those who need not wait for the store, the second when it has answered.
      taken++;
      this.#sealed = undefined;
      return takeWaiters.call(flight);
    };
    super.complete(lead, candidate);
    if (taken === 1) this.#sealed = flight;
  }

  override fetch(visitor: Visitor): void {
    if (this.#sealed === undefined) super.fetch(visitor);
    else this.#sealed.waiters.push({ visitor, joinedAt: 0, isEarly: false });
  }
}

/** What a fill has read is stored and shared whatever was invalidated since, in this process (T23). */
export class ForgetsFillsUnderWay extends TagTable {
  override admits(): boolean {
    return true;
  }
}

/** An invalidation that the store has not heard of is not kept in mind. */
export class ForgetsWhatIsUnheard extends RetryQueue {
  override isPending(): boolean {
    return false;
  }
}
