/** How a shared store is doing, without asking it. */
export interface StoreHealth {
  readonly state: 'up' | 'down';
  /** Operations under way. */
  readonly outstanding: number;
  /** Failures since start: rejections, deadlines, refusals of the bulkhead, connections that could not be made, once in an outage. */
  readonly failures: number;
}
