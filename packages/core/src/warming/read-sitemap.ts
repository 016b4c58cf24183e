import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printable } from '../base/printable.js';
import { WarmSourceError } from '../base/warm-errors.js';
import { withoutLogins } from '../base/without-secrets.js';
import { copied } from './copied.js';
import { readWhole } from './read-bytes.js';
import type { ReportPart } from './reporting-source.js';
import { readSitemapText } from './sitemap-text.js';
import { urlOf } from './source-url.js';

/** Sitemaps that an index may lead to. */
const MOST_SITEMAPS = 1_000;
/** A server that has let so many in a row wait to no end would keep the others waiting for hours. */
const MOST_LATE = 3;

/**
 * The pages of a sitemap, or of all those that an index names.
 *
 * @param report - is told of those of an index that cannot be read; without it the first such error is thrown when all others have
 * been read. Where none can be read, it is thrown in any case
 * @param signal - ends the reading
 */
export async function* readSitemap(
  source: string | URL,
  report: ReportPart | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const place = placeOf(source);
  const { kind, locations } = textAt(place, place.text ?? (await readWhole(place.source, signal)));
  if (kind === 'pages') {
    yield* locations;
    return;
  }
  let left = MOST_SITEMAPS;
  let readable = 0;
  let late = 0;
  let firstError: WarmSourceError | undefined;
  for (const location of locations) {
    const next = nextOf(place, location);
    if (next === undefined) continue;
    if (left-- === 0 || signal?.aborted === true) break;
    const skip = (why: string): void => {
      const what = copied(printable(withoutLogins(location).slice(0, 200)));
      report?.({ what, outcome: 'skipped', reason: 'unreadable', detail: printable(why).slice(0, 200) });
    };
    if (late >= MOST_LATE) {
      skip(`it was not asked for, nor any behind it: ${MOST_LATE} in a row have not come in time`);
      break;
    }
    try {
      const inner = textAt(next, await readWhole(next.source, signal));
      readable++;
      late = 0;
      // An index within an index is none (sitemaps.org), and could lead on without end.
      if (inner.kind === 'pages') yield* inner.locations;
    } catch (error) {
      if (!(error instanceof WarmSourceError)) throw error;
      firstError ??= error;
      late = isLate(error) ? late + 1 : 0;
      skip(error.message);
    }
  }
  if (firstError !== undefined && (report === undefined || readable === 0)) throw firstError;
}

function isLate({ cause }: WarmSourceError): boolean {
  return typeof cause === 'object' && cause !== null && 'name' in cause && cause.name === 'TimeoutError';
}

interface Place {
  /** A path, or a URL to ask; for a text nothing that could be read. */
  readonly source: string | URL;
  readonly text?: string | undefined;
}

function placeOf(source: string | URL): Place {
  if (typeof source === 'string' && /^\s*</.test(source)) return { source: 'the sitemap', text: source };
  const url = urlOf(source);
  if (url === undefined) return { source: String(source) };
  return { source: url.protocol === 'file:' ? fileURLToPath(url) : url };
}

/** A sitemap that an index names: on the server that the index is of, or beside it in its folder, and nowhere else. */
function nextOf({ source, text }: Place, location: string): Place | undefined {
  if (text !== undefined)
    throw new WarmSourceError(String(source), 'is an index of sitemaps: give its path or URL in place of its text');
  if (!URL.canParse(location)) return undefined;
  const url = new URL(location);
  if (source instanceof URL) {
    if (url.origin !== source.origin) return undefined;
    url.username = source.username;
    url.password = source.password;
    return { source: url };
  }
  const name = basename(url.pathname);
  return /^[\w.-]+$/.test(name) ? { source: join(dirname(source), name) } : undefined;
}

function textAt({ source }: Place, text: string): NonNullable<ReturnType<typeof readSitemapText>> {
  const read = readSitemapText(text);
  if (read === undefined)
    throw new WarmSourceError(String(source), 'is no sitemap: it has neither <urlset> nor <sitemapindex>');
  return read;
}
