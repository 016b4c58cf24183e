/** What a bus tells of the invalidations of other processes. */
export interface BusListener {
  /** Another process has invalidated tags. Told once or more often; never of this process's own. */
  invalidated(tags: readonly string[], mode: 'soft' | 'hard'): void;
  /** Something may not have been told: what was validated before this call has to be validated again. */
  missed(): void;
  /**
   * All that was invalidated before this moment has been told by now, or {@link missed} was.
   *
   * @param at - monotonic time: when the question was sent, never when it was answered (PROTOCOL 4.5)
   */
  heardUpTo(at: number): void;
}

/** Carries invalidations from process to process, so that L1 need not ask the store about each of its responses. */
export interface Bus {
  /**
   * Begins to listen; connects in the background, and again whenever the connection is lost.
   *
   * @returns ends it
   */
  listen(listener: BusListener): () => void;
}
