import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Http2SecureServer, Http2Server } from 'node:http2';
import type { Server as SecureServer } from 'node:https';
import type { Duration } from '../base/duration.js';
import type { Bypass, Refusal } from '../ports/event-sink.js';
import type { AnyFunction } from '../values/any-function.js';

/** Fields of a request, by name. */
export type WarmFields = Readonly<Record<string, string>>;

/** A URL to warm: a path with a query, or a whole URL of the `origin`; and fields of its own, in place of `headers`. */
export type WarmUrl = string | URL | { readonly url: string; readonly headers?: WarmFields | undefined };

/** Calls of a memoized function to warm, made by {@link calls}. */
export interface WarmCalls {
  readonly fn: AnyFunction;
  readonly args: readonly (readonly unknown[])[];
  readonly instance: object | undefined;
}

/** What is to be warmed: URLs one by one (a single one is a list of one), as `fromSitemap` and `fromAccessLog` find them, or calls. */
export type WarmSource = (Iterable<WarmUrl> & object) | AsyncIterable<WarmUrl> | WarmCalls;

/** What answers requests: a server of `node:http`, `node:https` or `node:http2`, listening or not, or an app of Express. */
export type WarmServer =
  | Server
  | SecureServer
  | Http2Server
  | Http2SecureServer
  | ((req: IncomingMessage, res: ServerResponse) => unknown);

/** How far a warming has come. */
export interface WarmProgress {
  /** URLs, for each set of headers, or calls: those that are skipped are none of them. */
  readonly total: number;
  /** Of these, those that are over. */
  readonly done: number;
  /** Was stored already. */
  readonly hits: number;
  /** Was made, and is stored now. */
  readonly stored: number;
  /** Was made, and may not be stored, or is nothing that visitors find: the next one is no hit. */
  readonly refused: number;
  /** Was not made: an error, a status from 500 up, or the time was over. */
  readonly failed: number;
  /** Entries that were never asked for: of another origin, malformed, too long; and sitemaps of an index that cannot be read. */
  readonly skipped: number;
}

/** Why a URL or call is no hit after it was warmed. */
export interface WarmProblem {
  /** The URL as it was asked for, or the call. */
  readonly what: string;
  readonly outcome: 'refused' | 'failed' | 'skipped';
  /**
   * Of what was refused the cache's own word, as in `stats().refused` and `stats().bypasses`; or `no-view`: nothing looked it up in
   * this cache; or `other-key`: it is stored, and visitors of the `origin` do not find it. Else `status`, `timeout`, `error`, `other-origin`, `malformed`, `too-long`, or `unreadable`, of a sitemap that an index
   * names.
   */
  readonly reason: Refusal | Bypass | 'no-view' | 'other-key' | WarmFailure | WarmSkip;
  /** What more there is to say: what was read of the request, the status, the error. */
  readonly detail?: string | undefined;
}

export type WarmFailure = 'status' | 'timeout' | 'error';
export type WarmSkip = 'other-origin' | 'malformed' | 'too-long' | 'unreadable';

/** What has become of a warming. */
export interface WarmResult extends WarmProgress {
  /**
   * `'done'`: all of it was asked for. `'aborted'`: by the `signal`, or the cache was closed. `'elsewhere'`: another process is
   * warming, has just done so, or has taken over; or a call in this one waits already that will ask for the same. Nothing was asked for
   * then by this call, where `done` is 0.
   */
  readonly ended: 'done' | 'aborted' | 'elsewhere';
  /** The source had more than `limit`. */
  readonly isCut: boolean;
  /** What is no hit, and why: the first 1,000. */
  readonly problems: readonly WarmProblem[];
}

/** How a cache is warmed. */
export interface WarmOptions {
  /**
   * Scheme and host under which visitors ask, such as `'https://www.example.com'`: they are in every key. URLs of other origins
   * are skipped.
   *
   * @defaultValue none: needed for URLs
   */
  readonly origin?: string | undefined;
  /**
   * What answers. It need not listen: no request goes over a network.
   *
   * @defaultValue the one server of `createServer` or of a Nest app that is listening
   */
  readonly server?: WarmServer | undefined;
  /**
   * Fields that visitors send: what is stored is found by those that send the same, where responses vary. In a list, each URL is
   * asked for with each of them. No cookie and no Authorization is sent unless it stands here.
   *
   * @defaultValue `{}`, beside `accept` and `accept-encoding` as browsers send it
   */
  readonly headers?: WarmFields | readonly WarmFields[] | undefined;
  /**
   * Requests, or calls, under way at the same time, 1 to 1000: as many connections of a database as handlers of them take.
   *
   * @defaultValue 4
   */
  readonly concurrency?: number | undefined;
  /**
   * Requests, or calls, begun in a second at most.
   *
   * @defaultValue none: as fast as they are answered
   */
  readonly rate?: number | undefined;
  /**
   * URLs or calls that are taken of the source. Those after them are left.
   *
   * @defaultValue 10000
   */
  readonly limit?: number | undefined;
  /**
   * How long one may take until it counts as failed.
   *
   * @defaultValue `'30s'`
   */
  readonly timeout?: Duration | undefined;
  /**
   * Hears how far it has come, whenever one is over. What it throws is dropped.
   *
   * @defaultValue a progress bar, where `process.stderr` is a terminal, the variable `CI` is not set and `TERM` is not `dumb`
   */
  readonly onProgress?: ((progress: WarmProgress) => void) | undefined;
  /** Ends it at once: what is under way is given up, and the promise resolves with `ended: 'aborted'`. @defaultValue none */
  readonly signal?: AbortSignal | undefined;
  /**
   * Of all warmings of one name only one runs at a time, in all processes that share the store. Needed where each process makes a
   * list of its own, and one of them is enough.
   *
   * @defaultValue one for each list, its `origin` and its `headers`: what is warmed twice is the same
   */
  readonly name?: string | undefined;
  /**
   * What to do where another process warms under the same name, or has done so within the last second: `'leave'`, resolve at once with
   * `ended: 'elsewhere'`; `'wait'`, begin when that one has ended, which finds hits of a shared store, and has this process's memory
   * warm, too. Warmings of one process go one after the other in any case.
   *
   * @defaultValue `'leave'`
   */
  readonly whileElsewhere?: 'leave' | 'wait' | undefined;
}
