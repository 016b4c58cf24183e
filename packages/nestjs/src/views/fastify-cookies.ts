/** A reply of Fastify with `@fastify/cookie`, which keeps cookies to itself until a hook of its own sends them. */
interface CookieReply {
  setCookie?(name: string, value: string, options: object): unknown;
}
interface Pending {
  readonly name: string;
  readonly value: string;
  readonly opts: object;
}

/** By these names the plugin keeps what is to be sent, and whether that has been. */
const PENDING = 'fastify.reply.setCookies';
const SENT = 'fastify.reply.setCookiesHookRan';

/**
 * Has the cookies that were set until now put among the fields of a reply: they are this visitor's, whether the handler
 * answers or the cache, for which the plugin's hook does not run. Those that are set later become fields at once.
 */
export function putCookies(reply: object): void {
  if (!('setCookie' in reply)) return;
  const symbols = Object.getOwnPropertySymbols(reply);
  const [pending, sent] = [PENDING, SENT].map((name) => symbols.find(({ description }) => description === name));
  if (pending === undefined || sent === undefined || Reflect.get(reply, sent) === true) return;
  const cookies: ReadonlyMap<string, Pending> | undefined | null = Reflect.get(reply, pending);
  Reflect.set(reply, sent, true);
  const [last] = [...(cookies?.values() ?? [])].slice(-1);
  // Setting one of them once more, as it is, has all of them put there.
  if (last !== undefined) (reply as CookieReply).setCookie?.(last.name, last.value, { ...last.opts, signed: false });
}
