const slot = Symbol.for('viewcache.refresh');
type Marked = { [slot]?: true };

/** Says of a request that nobody waits for its answer: its handler runs to make what is stored new. */
export function markRefresh(req: object): void {
  (req as Marked)[slot] = true;
}

/**
 * Whether a handler runs to make a stored response new, for a visitor who has been answered already, or to warm the cache
 * for those who will come: what only a visitor would notice can be left out.
 *
 * @example
 * ```ts
 * app.get('/news', (req, res) => {
 *   if (!isRefresh(req)) visits.count(req.ip);
 *   res.render('news');
 * });
 * ```
 */
export function isRefresh(req: object): boolean {
  // Fastify's requests stand before those of Node.
  const { raw } = req as { readonly raw?: Marked };
  return (req as Marked)[slot] === true || raw?.[slot] === true;
}
