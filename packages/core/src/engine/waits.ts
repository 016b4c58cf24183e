/** What of a view context says what it waits for. */
interface Waiting {
  readonly outer: Waiting | undefined;
  readonly making: string | undefined;
  readonly makingMany: ReadonlySet<string> | undefined;
  waits: Set<Wait> | undefined;
}

/** One run waits for what another one makes. */
export interface Wait {
  /** The run that is waited for; `undefined` while it has not begun. */
  readonly maker: Waiting | undefined;
}

/**
 * Notes that a run waits for something, and with it whatever it runs inside of.
 *
 * @returns ends it
 */
export function beginWait(run: Waiting, wait: Wait): () => void {
  const waiting: Waiting[] = [];
  for (let context: Waiting | undefined = run; context !== undefined; context = context.outer) {
    context.waits ??= new Set();
    context.waits.add(wait);
    waiting.push(context);
    // Whoever asked for what this one makes has noted that.
    if (context.making !== undefined || context.makingMany !== undefined) break;
  }
  return () => {
    for (const context of waiting) context.waits?.delete(wait);
  };
}

/** Whether another run, or one that it waits for, waits for what is made by this one or around it: each would wait for the other. */
export function isAwaitedBy(run: Waiting, other: Waiting | undefined): boolean {
  if (other === undefined) return false;
  const mine = new Set<Waiting>();
  for (let context: Waiting | undefined = run; context !== undefined; context = context.outer) mine.add(context);
  const others = new Set([other]);
  for (const context of others) {
    if (mine.has(context)) return true;
    for (const { maker } of context.waits ?? []) if (maker !== undefined) others.add(maker);
  }
  return false;
}
