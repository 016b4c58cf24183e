import type { SharedToken } from '../ports/tagged-store.js';

/** What was known before something was read: what is made of that is as old as this (PROTOCOL 4.11). */
export interface FillToken {
  readonly local: number;
  readonly shared: SharedToken | undefined;
}
