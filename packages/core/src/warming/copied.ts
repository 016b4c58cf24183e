/**
 * A text in memory of its own: V8 makes what is cut out of a text a view of it, and keeps all of that for it, such as a piece of a
 * log, or a sitemap.
 */
export function copied(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}
