/** Requests until the window is judged, as a multiple of the values that the store holds. */
const PERIOD = 10;
const FIRST_STEP = 0.0625;
const STEP_DECAY = 0.98;
/** A change of the hit ratio by which the search begins anew. */
const RESTART = 0.05;
const LEAST = 0.005;
const MOST = 0.99;

/**
 * Finds the share of a W-TinyLFU store that its window should have, by trying.
 *
 * Hill climbing (Einziger et al. 2018): a step, and where the hit ratio is worse by the next time, the way back; each step a little
 * smaller than the last until the load changes.
 */
export class WindowClimber {
  #share: number;
  #step = -FIRST_STEP;
  #hits = 0;
  #requests = 0;
  #ratio = -1;

  constructor(share: number) {
    this.#share = share;
  }

  /**
   * Counts a request.
   *
   * @returns the share, where it is another from now on
   */
  count(isHit: boolean, entries: number): number | undefined {
    if (isHit) this.#hits++;
    if (++this.#requests < PERIOD * entries) return undefined;
    const ratio = this.#hits / this.#requests;
    const change = this.#ratio < 0 ? 0 : ratio - this.#ratio;
    const direction = change < 0 ? -1 : 1;
    const step = direction * this.#step;
    this.#step = Math.abs(change) >= RESTART ? FIRST_STEP * Math.sign(step) : STEP_DECAY * step;
    this.#hits = this.#requests = 0;
    this.#ratio = ratio;
    this.#share = Math.min(Math.max(this.#share + step, LEAST), MOST);
    return this.#share;
  }
}
