// Middleware that only takes in what the request says and always goes on to the next: inside a cached part its reads are
// no uses, since a hit loses nothing by skipping it. What it leaves behind is watched instead.

/** Packages whose middleware never turns a GET away and never answers it. */
const LOADERS: ReadonlySet<string> = new Set(
  (
    'cookie-parser express-session cookie-session i18next-http-middleware i18n express-useragent request-ip morgan ' +
    'pino-http express-winston response-time compression helmet connect-flash connect-timeout csurf csrf-csrf ' +
    'body-parser multer serve-static serve-favicon hpp nocache'
  ).split(' '),
);

/** Who read an input: what the stack said when a function did so for the first time. */
export interface Reader {
  /** Package of the middleware itself, not of what it calls; `(app)` for the app's own code or a bundle. */
  readonly package: string;
  /** Functions from the middleware's own to the one that read, both counted; 0 where nothing is known of them. */
  readonly depth: number;
  /** Nothing of the app's own was called in between. */
  readonly isPure: boolean;
  /** `src/offers.ts:41`, where the app's own code read it, or called who did. */
  readonly place: string | undefined;
}

/** The package of what is in none. */
export const APP = '(app)';

/** A reader of which the stack says nothing, as the read came asynchronously. */
export const UNKNOWN_READER: Reader = { package: APP, depth: 0, isPure: false, place: undefined };

/** Says which of some properties a layer has put on its request. */
export interface Left {
  hasLeft(name: string): boolean;
}

/**
 * Whether a layer that has gone on to the next was a loader, by all that it read.
 *
 * Reads by functions of the app's own that a package calls are the app's: a callback may decide who gets through.
 */
export function isLoader(reads: ReadonlyMap<string, Reader>, left: Left | undefined): boolean {
  let name: string | undefined;
  for (const reader of reads.values()) {
    name ??= reader.package;
    if (reader.package !== name || !reader.isPure) return false;
  }
  if (name === undefined) return false;
  if (name === 'passport') return hasOnly(reads, SESSION_READS);
  if (LOADERS.has(name)) return true;
  return name === APP && left !== undefined && isBundled(reads, left);
}

/** Whether what a package has put under `res.end` or `res.writeHead` only does its own bookkeeping there. */
export function isMachinery(reader: Reader, isBundledLoader: boolean): boolean {
  if (isBundledLoader && reader.package === APP) return true;
  return LOADERS.has(reader.package) && reader.isPure;
}

/** What `passport.session()` reads: a strategy that decides reads the request itself. */
const SESSION_READS = new Map([
  ['req.session', Number.POSITIVE_INFINITY],
  ['req.user', Number.POSITIVE_INFINITY],
]);

/**
 * A bundler hides which package a function is from. Two are known by what they leave, and by reading in the very
 * functions that theirs read in: a function around them, which may be a gate, stands one further away.
 */
function isBundled(reads: ReadonlyMap<string, Reader>, left: Left): boolean {
  if (['cookies', 'signedCookies', 'secret'].every((name) => left.hasLeft(name))) return hasOnly(reads, COOKIE_PARSER);
  return (
    ['session', 'sessionID', 'sessionStore'].every((name) => left.hasLeft(name)) && hasOnly(reads, EXPRESS_SESSION)
  );
}

const COOKIE_PARSER = new Map([
  ['header cookie', 1],
  ['req.cookies', 1],
]);
const EXPRESS_SESSION = new Map([
  ['req.session', 1],
  ['header cookie', 2],
  ['req.cookies', 2],
  ['req.signedCookies', 2],
  ['header x-forwarded-proto', 2],
]);

function hasOnly(reads: ReadonlyMap<string, Reader>, depths: ReadonlyMap<string, number>): boolean {
  for (const [input, { depth }] of reads) {
    if (depth === 0 || depth > (depths.get(input) ?? 0)) return false;
  }
  return true;
}
