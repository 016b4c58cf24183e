import type { ContentCoding } from '../http/content-coding.js';

/** A tag of a stored response with the stamp under which its data was read. */
export interface TagStamp {
  readonly tag: string;
  /**
   * What the shared store's protocol knew of the tag when the token was taken: a nonce, or a sequence number.
   * Opaque to the engine; empty for a response that has never met a shared store.
   */
  readonly stamp: string;
}

/** A place in the stored body that is filled anew on every hit. */
export interface Placeholder {
  /** The option's name for it, such as `nonce`. */
  readonly name: string;
  /** Byte offset in the body as stored, where the value is missing. */
  readonly at: number;
}

/** What a stored response may still be used for once it is stale, each for so many milliseconds past its lifetime. */
export interface StaleLimits {
  /** Answered with while it is being refreshed (RFC 5861 §3). */
  readonly whileRevalidateMs: number;
  /** Answered with where its handler fails (RFC 5861 §4). */
  readonly ifErrorMs: number;
  /** Kept so that its validators may spare the handler the body (RFC 9111 §4.3). */
  readonly revalidatableMs: number;
}

/** How long a stored response is of any use, in milliseconds from when it was generated. */
export function retentionMs({ lifetimeMs, stale }: Pick<StoredResponse, 'lifetimeMs' | 'stale'>): number {
  if (stale === undefined) return lifetimeMs;
  return lifetimeMs + Math.max(stale.whileRevalidateMs, stale.ifErrorMs, stale.revalidatableMs);
}

/** A value as this process holds it, beside its bytes or in their stead: nobody is handed it without a copy, or leave. */
export interface HeldValue {
  readonly value: unknown;
  /** What it weighs: an estimate, never less than what a person would count. */
  readonly bytes: number;
}

/**
 * One finished response as bytes, with everything a hit needs and nothing that has to be computed again.
 *
 * Immutable: every reader in the process is handed the same object.
 */
export interface StoredResponse {
  /** The canonical cache key, selecting values included; compared on every read of a shared store. */
  readonly key: string;
  readonly status: number;
  /** What the handler set, and Date: name, value, name, value. A repeated field stands once per line. */
  readonly headers: readonly string[];
  /** Fields of outer middleware that the handler took away, lower case. */
  readonly removes: readonly string[];
  readonly body: Buffer;
  /** Names of the selecting headers (RFC 9111 §4.1), lower case and sorted. */
  readonly selecting: readonly string[];
  readonly tags: readonly TagStamp[];
  /**
   * When the response was generated, in milliseconds since the epoch by the clock of the process that ran the handler: for
   * one that came with an age of its own, so much earlier than it was stored.
   */
  readonly storedAt: number;
  /** Freshness lifetime in milliseconds (RFC 9111 §4.2.1); `Infinity` for `forever`. */
  readonly lifetimeMs: number;
  /** Absent where nothing may use it past its lifetime. */
  readonly stale?: StaleLimits | undefined;
  readonly etag: string | undefined;
  /** Last-Modified in milliseconds since the epoch. */
  readonly lastModified: number | undefined;
  /** The route's pattern, `/cities/:id`, so that hits are counted under it too. */
  readonly route: string;
  /** How long the handler took, in milliseconds: what each hit saves. */
  readonly producerMs: number;
  readonly placeholders: readonly Placeholder[];
  /** Content codings that whoever holds it in memory keeps it in, too; absent for as it is alone. */
  readonly codings?: readonly ContentCoding[] | undefined;
  /**
   * Of a value: what its producer has read of the request that it ran for, as the input guard calls it. Whatever uses the
   * value is made of that, too.
   */
  readonly inputs?: readonly string[] | undefined;
  /** Of a value that was made here; no frame carries it. */
  readonly held?: HeldValue | undefined;
}
