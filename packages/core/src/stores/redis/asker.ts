import { StoreFailedError, StoreOpenError, type StoreOperation } from '../../base/store-errors.js';
import type { StoreHealth } from '../../ports/store-health.js';
import type { Guard } from '../guard.js';
import type { RedisSession } from './connection.js';
import { AwayError, isErrorReply, readableCause } from './failures.js';
import type { RedisServers } from './servers.js';

/** An error that says nothing against the connection. */
class Refused {
  constructor(readonly cause: Error) {}
}

/**
 * Asks the servers, under the guard.
 *
 * Two things are kept from the circuit breaker. Where there is no connection nothing is asked, and that one was lost does not
 * count, so that the first request after it has come back need not wait for a probe. And a server that answers with an error lives: one that is out of
 * memory refuses to write, and can still be read.
 */
export class RedisAsker {
  readonly #servers: RedisServers;
  readonly #guard: Guard;
  readonly #onFailure: (error: Error) => void;
  #failures = 0;
  #isClosed = false;

  constructor(servers: RedisServers, guard: Guard, onFailure: (error: Error) => void) {
    this.#servers = servers;
    this.#guard = guard;
    this.#onFailure = onFailure;
  }

  /** @throws StoreOpenError at once where there is no connection */
  session(operation: StoreOperation): RedisSession {
    const { session } = this.#servers.primary;
    if (session === undefined) throw new StoreOpenError(this.#guard.name, operation);
    return session;
  }

  /** Rejects with a StoreError and nothing else. */
  async ask<T>(operation: StoreOperation, ask: () => Promise<unknown>, read: (answer: unknown) => T): Promise<T> {
    const answer = await this.#guard.run(
      operation,
      async () => {
        try {
          return await ask();
        } catch (error) {
          const cause = readableCause(error);
          if (isErrorReply(error) || error instanceof AwayError) return new Refused(cause);
          throw cause;
        }
      },
      (reply) => (reply instanceof Refused ? reply : { read: read(reply) }),
    );
    if (!(answer instanceof Refused)) return answer.read;
    const failure = new StoreFailedError(this.#guard.name, operation, answer.cause);
    this.tell(failure);
    throw failure;
  }

  /** Counts a failure that the guard does not see, and tells of it: an error reply, a connection that could not be made. */
  tell(failure: StoreFailedError): void {
    if (this.#isClosed) return;
    this.#failures++;
    this.#onFailure(failure);
  }

  /** Ends all connections. What that cuts off is no failure of the store's. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#guard.close(() => this.#servers.close());
  }

  health(): StoreHealth {
    const { state, outstanding, failures } = this.#guard.health();
    const isUp = state === 'up' && this.#servers.primary.session !== undefined;
    return { state: isUp ? 'up' : 'down', outstanding, failures: failures + this.#failures };
  }
}

/** A reply that has to be a list. */
export function listOf(reply: unknown, length?: number): readonly unknown[] {
  if (Array.isArray(reply) && (length === undefined || reply.length === length)) return reply;
  throw new TypeError(`expected a list${length === undefined ? '' : ` of ${length}`}, not ${typeof reply}`);
}

/** A bulk string of a reply as text. */
export function textOf(reply: unknown): string {
  return reply instanceof Uint8Array ? Buffer.from(reply).toString('latin1') : String(reply);
}
