/** A view that was stored and has been invalidated, as it was asked for. */
export interface DroppedView {
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
  /** Fields that have selected it; `undefined` for one that was not sent. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}
