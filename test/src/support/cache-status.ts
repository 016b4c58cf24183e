import { parseList } from 'structured-headers';
import type { Reply } from './site.js';

/** One member of a Cache-Status field, as a parser of Structured Fields reads it. */
export interface ReadStatus {
  readonly cache: string;
  /** Tokens as strings. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Reads Cache-Status as others do: throws for what is no List of Structured Fields (RFC 9211 §2). */
export function readStatus({ headers }: Pick<Reply, 'headers'>): readonly ReadStatus[] {
  return parseList(String(headers['cache-status'])).map(([cache, parameters]) => ({
    cache: String(cache),
    parameters: Object.fromEntries([...parameters].map(([name, value]) => [name, plain(value)])),
  }));
}

function plain(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? String(value) : value;
}
