/**
 * What a recorder tells while a response goes by.
 *
 * @typeParam Recorder - the recorder that tells it
 */
export interface RecorderListener<Recorder> {
  /** What runs now is Node's machinery, and that of outer middleware: its reading is not the handler's. */
  leaving(): void;
  /** The handler's code runs again, or that of middleware inside the view. */
  returning(): void;
  /**
   * The head is about to be written; fields may still be set on it, if it can be read. Returns a status to send that,
   * without a body, or `'replaced'` when something else has been sent altogether.
   */
  head(recorder: Recorder): 304 | 412 | 'replaced' | undefined;
  /** Whether something else may be sent in place of a response with this status. */
  mayReplace(status: number): boolean;
  /** The response is whole, as far as its handler goes, and its head is written. */
  ended(recorder: Recorder): void;
  /** Node refused to write it; what the client gets instead was not recorded. */
  failed(): void;
  /** It has become larger than may be recorded. */
  overflowed(recorder: Recorder): void;
  /** The connection closed before the response ended: the handler may have noticed, and whatever it ends may be cut short. */
  closed(): void;
  /** The client may be answered otherwise than by the handler's response: preconditions decide. */
  readonly mayAnswerOtherwise: boolean;
  /** Somebody waits for the recording: the handler must not be held up by this client. */
  readonly isAwaited: boolean;
}
