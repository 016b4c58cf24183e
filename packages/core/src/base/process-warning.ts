/** Messages that are remembered as printed; past it a log is told once that it is told no more. */
const REMEMBERED = 100;
/** What an app's error says may be as long as what a client sent. */
const LONGEST = 500;

const printed = new Set<string>();

/**
 * Prints a process warning, each message once: for what is wrong in the app and no visitor sees. Nobody may be listening
 * for events, and the same fault comes back with every request.
 *
 * @example
 * ```ts
 * warnOnce('cachePage.key on GET /cities/:id threw Error: no tenant, the cache was bypassed');
 * ```
 */
export function warnOnce(message: string): void {
  const text = message.length > LONGEST ? `${message.slice(0, LONGEST)}…` : message;
  if (printed.size > REMEMBERED || printed.has(text)) return;
  printed.add(text);
  const isLast = printed.size > REMEMBERED;
  process.emitWarning(
    isLast ? `${REMEMBERED} different warnings were printed; further ones are events of cache.on(…) only` : text,
    'ViewcacheWarning',
  );
}
