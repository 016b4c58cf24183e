/** What a router leaves on a request once a route has matched. */
export interface RoutedRequest {
  readonly url?: string | undefined;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly route?: { readonly path?: unknown } | undefined;
}

/** Names of parameters by the number of the segment that they stand for. */
type Places = ReadonlyMap<string, number>;

const NOTHING: Places = new Map();
/** A segment that is one parameter, or that is no pattern to Express 4 nor 5. */
const WHOLE_SEGMENT = /^(?::\w+|[\w.~-]*)$/;
const known = new WeakMap<object, Places>();

/**
 * Route parameters that are not known to be what the URL says, as text; `undefined` where they are no text.
 *
 * Middleware in front can put into `req.params` what it likes, as `app.param()` does to make the visitor's own id of `me`.
 * Of a route such as `/users/:id` the URL says what they were; of one that is less plain, all of them are given.
 */
export function paramsBeside(req: RoutedRequest): string | undefined {
  const params = req.params ?? {};
  const places = placesOf(req.route);
  const segments = places.size === 0 ? [] : pathOf(req.url ?? '').split('/');
  let text = '';
  for (const name of places.keys()) if (!(name in params)) text += entryOf(name, 'none');
  for (const name in params) {
    const value: unknown = params[name];
    const place = places.get(name);
    if (place !== undefined && value === decoded(segments[place])) continue;
    const own = textOf(value);
    if (own === undefined) return undefined;
    text += entryOf(name, own);
  }
  return text;
}

function entryOf(name: string, value: string): string {
  return `\n:${name.length}:${name}=${value}`;
}

/** No two values have one text, and none runs into what follows it. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return `${value.length}:${value}`;
  if (Array.isArray(value)) {
    const texts = [...value].map(textOf);
    return texts.includes(undefined) ? undefined : `[${texts.length}]${texts.join('')}`;
  }
  return typeof value === 'number' || typeof value === 'boolean' || value === undefined ? `${value};` : undefined;
}

/** Only for patterns of whole segments; of others it takes Express to say what a parameter stands for. */
function placesOf(route: RoutedRequest['route']): Places {
  if (typeof route?.path !== 'string') return NOTHING;
  let places = known.get(route);
  if (places === undefined) {
    const segments = route.path.split('/');
    const isPlain = segments.every((segment) => WHOLE_SEGMENT.test(segment));
    const names = segments.flatMap((segment, at) => (segment.startsWith(':') ? [[segment.slice(1), at] as const] : []));
    places = isPlain ? new Map(names) : NOTHING;
    known.set(route, places);
  }
  return places;
}

function pathOf(url: string): string {
  const mark = url.indexOf('?');
  return mark < 0 ? url : url.slice(0, mark);
}

function decoded(segment: string | undefined): string | undefined {
  if (segment?.includes('%') !== true) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
