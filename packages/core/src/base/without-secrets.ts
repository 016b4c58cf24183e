/** A login in a URL. */
const LOGIN = /:\/\/[^/?#\s"'<>]*@/g;
const QUERY = /\?[^#\s"'<>]+/g;

/**
 * A text as a log may have it: of each URL in it without the login, and without the values of its query, either of which may be
 * somebody's key.
 *
 * @example
 * ```ts
 * withoutSecrets('https://me:pw@shop.example/sitemap.xml?key=1'); // https://…@shop.example/sitemap.xml?key=…
 * ```
 */
export function withoutSecrets(text: string): string {
  return withoutLogins(text).replace(QUERY, (query) => `?${query.slice(1).split('&').map(nameOf).join('&')}`);
}

/** The same with its queries. */
export function withoutLogins(text: string): string {
  return text.replace(LOGIN, '://…@');
}

function nameOf(part: string): string {
  const end = part.indexOf('=');
  return `${part.slice(0, end + 1)}…`;
}
