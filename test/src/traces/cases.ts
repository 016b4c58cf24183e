/** A trace and the sizes it is replayed at, in entries. */
export interface Case {
  readonly name: string;
  readonly sizes: readonly number[];
}

/** The traces that policies are compared on, by the names of their files. */
export const CASES: readonly Case[] = [
  { name: 'multi1', sizes: [500, 1_000, 2_000] },
  { name: 'multi2', sizes: [500, 1_000, 2_000, 3_000] },
  { name: 'multi3', sizes: [500, 1_000, 2_000, 3_000] },
  { name: 'sprite', sizes: [200, 500, 1_000] },
  { name: 'cs', sizes: [500, 1_000] },
  { name: 'ps', sizes: [500, 1_000, 2_000] },
  { name: 'cpp', sizes: [50, 200, 500] },
  { name: '2_pools', sizes: [100, 250, 450] },
  { name: 'gli', sizes: [500, 1_000, 1_500, 2_000, 2_500] },
  { name: 'loop', sizes: [256, 512, 768] },
  { name: 'OLTP', sizes: [250, 500, 1_000, 2_000, 5_000] },
  { name: 'P3', sizes: [10_000, 50_000, 100_000] },
  { name: 'web07', sizes: [75, 500, 1_000] },
  { name: 'web12', sizes: [150, 1_000, 3_000] },
  { name: 'trace_vaultservice', sizes: [256, 512, 2_048] },
  { name: 'scarab-recs', sizes: [10_000, 50_000, 100_000] },
];
