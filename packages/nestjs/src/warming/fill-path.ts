import { ConfigError } from '@viewcache/core';

/** What the parameters of a route's path are, and what goes into its query. */
export type RouteParams = Readonly<Record<string, string | number | boolean | undefined>>;

/** `:id` takes what stands between two slashes, `*path` and `{*path}` whatever is left. */
const PARAMETER = /:(\w+)|\{?\*(\w+)\}?/g;
/** Nothing, or what a browser would leave out together with what stands in front. */
const UNFIT = /^$|(?:^|\/)\.{1,2}(?:\/|$)/;
/** What is neither text nor a parameter: groups, expressions, wildcards without a name. */
const OTHER = /[{}()[\]*?+!:\\]/;

/**
 * Fills in the pattern of a path; what it does not name goes into the query.
 *
 * @param setting - the route, for errors
 * @throws {@link ConfigError} for a parameter that is missing, and for a pattern with more in it than parameters
 */
export function fillPath(setting: string, pattern: string, params: RouteParams): string {
  if (OTHER.test(pattern.replace(PARAMETER, '')))
    throw new ConfigError(setting, pattern, 'a path of text and parameters, such as /cities/:id; write others out');
  const query = new URLSearchParams();
  const rest = new Map(Object.entries(params));
  const path = pattern.replace(PARAMETER, (_whole, one: string | undefined, many: string | undefined) => {
    const name = one ?? many ?? '';
    const value = rest.get(name);
    rest.delete(name);
    if (value === undefined || UNFIT.test(String(value)))
      throw new ConfigError(
        `${setting}.${name}`,
        value,
        `what stands for it in ${pattern}, and leads to no other path`,
      );
    return one === undefined ? String(value).split('/').map(encodeURIComponent).join('/') : encodeURIComponent(value);
  });
  for (const [name, value] of rest) if (value !== undefined) query.append(name, String(value));
  return query.size === 0 ? path : `${path}?${query}`;
}
