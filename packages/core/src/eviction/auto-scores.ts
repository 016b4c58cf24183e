/** What an epoch weighs against the one after it. */
const DECAY = 0.85;
/** So far behind another in one epoch, and the load is another one: what was before is kept by this share only. */
const JUMP = 0.1;
const KEPT = 0.3;
/** Epochs until that may be once more; twice as many where it is soon again, as what goes to and fro is one load. */
const LEAST_PATIENCE = 1;
const MOST_PATIENCE = 256;
/** What another candidate must be better by: a point, or where little is missed at all, a twentieth of that; 0.2 points at least. */
const MARGIN = 0.01;
const LEAST_MARGIN = 0.002;
const SHARE_OF_MISSES = 0.05;

/** Hit ratios of the candidates, those of the last epochs more than those before. */
export class AutoScores {
  readonly #sums: Float64Array;
  #weight = 0;
  /** Epochs since the load was last taken for another one, and how many there must be. */
  #calm = MOST_PATIENCE;
  #patience = LEAST_PATIENCE;

  constructor(candidates: number) {
    this.#sums = new Float64Array(candidates);
  }

  /** Takes in an epoch: hits of each candidate, among so many requests, while one of them decided. */
  add(hits: Uint32Array, requests: number, current: number): void {
    const behind = (Math.max(...hits) - (hits[current] as number)) / requests;
    const kept = behind > JUMP && this.#mayJump() ? DECAY * KEPT : DECAY;
    this.#calm++;
    this.#weight = this.#weight * kept + 1;
    for (let i = 0; i < hits.length; i++)
      this.#sums[i] = (this.#sums[i] as number) * kept + (hits[i] as number) / requests;
  }

  #mayJump(): boolean {
    const isSoon = this.#calm < 2 * this.#patience;
    if (this.#calm < this.#patience) return false;
    this.#patience = isSoon ? Math.min(2 * this.#patience, MOST_PATIENCE) : LEAST_PATIENCE;
    this.#calm = 0;
    return true;
  }

  /** An epoch was taken in. */
  get isKnown(): boolean {
    return this.#weight > 0;
  }

  /** 0 before the first epoch. */
  ratio(candidate: number): number {
    return this.#weight === 0 ? 0 : (this.#sums[candidate] as number) / this.#weight;
  }

  /** The candidate that is better than this one by enough to change, else this one. */
  better(current: number): number {
    let best = current;
    for (let i = 0; i < this.#sums.length; i++) if (this.ratio(i) > this.ratio(best)) best = i;
    const margin = Math.min(MARGIN, Math.max(LEAST_MARGIN, SHARE_OF_MISSES * (1 - this.ratio(current))));
    return this.ratio(best) - this.ratio(current) > margin ? best : current;
  }

  clear(): void {
    this.#sums.fill(0);
    this.#weight = 0;
  }
}
