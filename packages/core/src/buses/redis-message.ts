/** What one process tells the others: who invalidated, what came before, which number it was, and what. */
export interface RedisMessage {
  readonly origin: string;
  readonly epoch: string;
  /** The number of the invalidation before. */
  readonly before: number;
  readonly n: number;
  readonly mode: 'soft' | 'hard';
  readonly tags: readonly string[];
}

/** Reads a message; `undefined` for whatever is none. Anybody may publish. */
export function readMessage(bytes: Uint8Array | string): RedisMessage | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(String(bytes));
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const { o: origin, e: epoch, p: before, n, h: isHard, t: tags } = parsed as Record<string, unknown>;
  if (typeof origin !== 'string' || typeof epoch !== 'string' || typeof isHard !== 'boolean') return undefined;
  if (!isCount(before) || !isCount(n) || !Array.isArray(tags) || !tags.every(isText)) return undefined;
  return { origin, epoch, before, n, mode: isHard ? 'hard' : 'soft', tags };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
