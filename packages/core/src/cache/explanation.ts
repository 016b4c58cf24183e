import type { Key } from '../config/value-call-options.js';
import type { RememberedRefusal } from '../telemetry/refusal-memory.js';

/** Why something stored has a tag. */
export type ExplainedReason =
  /** An option or `view().dependsOn()` has named it. */
  | { readonly by: 'declared' }
  /** A statement has read it of a watched data source, which is named as where it was watched. */
  | { readonly by: 'read'; readonly source: string; readonly statement: string }
  /** A cached value that went into it has it; the key as `explain({ key })` shows it. */
  | { readonly by: 'part'; readonly key: string };

/** What an explanation says of the tags of something stored. */
export interface ExplainedTags {
  /** As they were declared or read; not those of its URL, path and key. */
  readonly tags: readonly string[];
  /**
   * Why each of them is there, by tag; of a group of rows, why any of these is. Empty for what another process has made, or
   * `set` has stored in a shared store. Up to
   * 256 tags of reads, four statements for each, cut at 500 characters, and 64 parts.
   */
  readonly reasons: Readonly<Record<string, readonly ExplainedReason[]>>;
  /** What it is made of that no watched data source tells of, as `view().untracked()` has said. */
  readonly untracked: readonly string[];
}

/** One stored response of a URL. */
export interface ExplainedResponse extends ExplainedTags {
  /** The whole key, selecting values included. */
  readonly key: string;
  readonly status: number;
  /** The route's pattern. */
  readonly route: string;
  /** Whether it may answer: `invalidated` wins over `stale`. */
  readonly state: 'fresh' | 'stale' | 'invalidated';
  /** Values of the selecting headers it answers to; `null` for a request without the field. */
  readonly selecting: Readonly<Record<string, string | null>>;
  /** Seconds since it was made. */
  readonly age: number;
  /** Seconds for which it was fresh when it was made; `Infinity` for `forever`. */
  readonly lifetime: number;
  /** Seconds of freshness left; negative once stale. */
  readonly ttl: number;
  readonly etag: string | undefined;
  /** Bytes it is counted with. */
  readonly bytes: number;
}

/** Why answers to a URL were not stored, or requests for it went past the cache. */
export interface ExplainedRefusal extends RememberedRefusal {
  readonly key: string;
}

/** What a process knows of a URL. */
export interface Explanation {
  /** The URL as keys have it: its query in order and without what is ignored; one for each way in which routes read it. */
  readonly targets: readonly string[];
  /** Each variant, and what each route holds for itself. */
  readonly stored: readonly ExplainedResponse[];
  /** The last first; of some 1,000 targets. */
  readonly refusals: readonly ExplainedRefusal[];
}

/** Which value is to be explained. */
export interface ValueTarget {
  readonly key: Key;
  /** As in the call that stored it. @defaultValue none */
  readonly version?: number;
  /** The namespace it is in; of one within another, `outer:inner`. @defaultValue none */
  readonly namespace?: string;
}

/** A value as one store has it. */
export interface ExplainedCopy extends ExplainedTags {
  readonly where: 'memory' | 'shared';
  /** What it is counted under. */
  readonly name: string;
  /** Whether it may answer: `invalidated` wins over `stale`. */
  readonly state: 'fresh' | 'stale' | 'invalidated';
  /** Seconds since it was made. */
  readonly age: number;
  /** Seconds for which it was fresh when it was made; `Infinity` for `forever`. */
  readonly lifetime: number;
  /** Seconds of freshness left; negative once stale. */
  readonly ttl: number;
  /** Bytes it is counted with in memory. */
  readonly bytes: number;
}

/** What is known of a value. */
export interface ValueExplanation {
  /** As events have it. */
  readonly key: string;
  /** Where it is stored: in memory, in the shared store, in both, or nowhere. */
  readonly stored: readonly ExplainedCopy[];
  /** Whether there is a shared store, and whether it has answered just now. */
  readonly shared: 'none' | 'answered' | 'silent';
  /** Why it was not stored, or went past the cache, lately and in this process: the last first. */
  readonly refusals: readonly ExplainedRefusal[];
}
