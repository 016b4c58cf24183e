/** What a sitemap says: URLs of pages, or of more sitemaps. */
export interface SitemapText {
  readonly kind: 'pages' | 'sitemaps';
  readonly locations: Iterable<string>;
}

/** The five that XML has by itself. What a file defines for its own use is not expanded: it may be without end. */
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const CDATA = '<![CDATA[';
/** No URL is longer, whatever it is written as. */
const LONGEST = 8_192;

/**
 * Reads a sitemap (sitemaps.org). Looks for `<loc>`, and at nothing else: no entity is defined, no file opened and no URL asked.
 *
 * @returns `undefined` for what is neither a sitemap nor an index of sitemaps
 */
export function readSitemapText(xml: string): SitemapText | undefined {
  const root = /<(urlset|sitemapindex)[\s>]/.exec(xml.slice(0, 10_000))?.[1];
  if (root === undefined) return undefined;
  return { kind: root === 'urlset' ? 'pages' : 'sitemaps', locations: locationsIn(xml) };
}

/** In steps that never go back, so that no text takes longer than it is long. */
function* locationsIn(xml: string): Generator<string> {
  for (let at = xml.indexOf('<'); at >= 0; at = xml.indexOf('<', at)) {
    if (xml.startsWith('<!--', at)) at = after(xml, '-->', at);
    else if (xml.startsWith(CDATA, at)) at = after(xml, ']]>', at);
    // Not `<image:loc>`, which is no page.
    else if (xml.startsWith('<loc>', at)) {
      const end = xml.indexOf('</loc>', at);
      if (end < 0) return;
      if (end - at <= LONGEST) yield textOf(xml.slice(at + '<loc>'.length, end)).trim();
      at = end;
    } else at++;
  }
}

function after(xml: string, mark: string, from: number): number {
  const end = xml.indexOf(mark, from);
  return end < 0 ? xml.length : end + mark.length;
}

function textOf(raw: string): string {
  const text = raw.trim();
  if (text.startsWith(CDATA) && text.endsWith(']]>')) return text.slice(CDATA.length, -']]>'.length);
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w+));/gi, (whole, decimal, hex, name: string | undefined) => {
    if (name !== undefined) return Object.hasOwn(ENTITIES, name) ? (ENTITIES[name] as string) : whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
