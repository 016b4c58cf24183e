import type { IncomingMessage, ServerResponse } from 'node:http';
import type { StaleItem } from '../engine/local-item.js';
import { isSuccessful } from '../http/preconditions.js';
import type { Recorder } from './recorder.js';
import type { ResponseHead } from './response-head.js';
import { describes, restoreHead, speaksOf, updatedHead } from './revalidation.js';
import type { StaleView } from './stale-view.js';

/** On whose behalf a stored response is freshened. */
interface FresheningVisitor {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly stale: StaleView;
  refuse(reason: 'head' | 'status'): void;
}

/** Makes of a handler's word that a stored response still holds the response that is judged and stored (RFC 9111 §4.3.4). */
export class Freshening {
  readonly #visitor: FresheningVisitor;
  /** The stored response of which the handler has said that it holds. */
  freshened: StaleItem | undefined;

  constructor(visitor: FresheningVisitor) {
    this.#visitor = visitor;
  }

  /**
   * The head that is judged: that of a stored response, where the handler has only said that it still holds.
   *
   * @param found - what may be freshened
   * @param wasAsked - the handler was sent the validators of that
   */
  headOf(recorder: Recorder, head: ResponseHead, found: StaleItem, wasAsked: boolean): ResponseHead {
    // A body with holes is nobody's as it stands: a head vouches for none that was filled in.
    if (found.item.stored.placeholders.length > 0) return head;
    if (this.#visitor.req.method === 'HEAD') return this.#updated(recorder, head, found);
    return head.status === 304 && wasAsked ? this.#restored(recorder, head, found) : head;
  }

  /** The stored response in place of the 304 by which its handler says that it still holds (RFC 9111 §4.3.3). */
  #restored(recorder: Recorder, head: ResponseHead, found: StaleItem): ResponseHead {
    const { stored } = found.item;
    const refusal = !head.isReadable || !head.isRepeatable ? 'head' : speaksOf(stored, head) ? undefined : 'status';
    const update = refusal === undefined ? head : undefined;
    const restored = restoreHead(this.#visitor.res, stored, update, head.outer);
    recorder.substitute(restored, stored.body);
    // It speaks of another one: this visitor is answered as it was told, and nothing is stored on its word.
    if (refusal !== undefined) this.#visitor.refuse(refusal);
    else this.freshened = found;
    return restored;
  }

  /** The stored response that a HEAD tells is as it was; told otherwise, it stands for nothing any more (§4.3.5). */
  #updated(recorder: Recorder, head: ResponseHead, found: StaleItem): ResponseHead {
    const { stored } = found.item;
    const { req, stale } = this.#visitor;
    if (!head.isReadable || !head.isRepeatable) return head;
    if (!describes(stored, head)) {
      if (isSuccessful(head.status)) stale.supersede(found.item);
      return head;
    }
    const updated = updatedHead(req, stored, head);
    recorder.recordInstead(updated, stored.body);
    this.freshened = found;
    return updated;
  }
}
