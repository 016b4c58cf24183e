/** What a cache manager tells of, by the names that `cache-manager` has. An error is told of, and thrown as well. */
export interface Events {
  /** A value was found. */
  get: <T>(data: { key: string; value?: T; error?: unknown }) => void;
  mget: <T>(data: { keys: string[]; values?: (T | undefined)[]; error?: unknown }) => void;
  ttl: (data: { key: string; value?: number; error?: unknown }) => void;
  set: <T>(data: { key: string; value: T; error?: unknown }) => void;
  mset: <T>(data: { list: { key: string; value: T; ttl?: number }[]; error?: unknown }) => void;
  del: (data: { key: string; error?: unknown }) => void;
  mdel: (data: { keys: string[]; error?: unknown }) => void;
  clear: (error?: unknown) => void;
  /** `wrap` has made a value anew that was about to end, or could not. */
  refresh: <T>(data: { key: string; value: T; error?: unknown }) => void;
}
