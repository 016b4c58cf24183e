/** What is stored in a run. */
export type ValueKind = 'string' | 'object' | '2kb';

export const VALUE_KINDS: Record<ValueKind, { label: string; make(id: number): unknown }> = {
  string: { label: 'A string of 100 characters', make: (id) => `${id} `.padEnd(100, 'lorem ipsum ') },
  object: {
    label: 'An object of 5 fields',
    make: (id) => ({ id, name: 'Lisbon', country: 'PT', population: 545_796, isCapital: true }),
  },
  '2kb': {
    label: 'An object of 2 KB: a page of 12 rows of 7 fields',
    make: (id) => ({
      page: id,
      total: 1_200,
      rows: Array.from({ length: 12 }, (_, row) => ({
        id: id * 12 + row,
        name: `City ${row} of the list`,
        country: 'Portugal',
        population: 1_000 * row,
        isCapital: row === 0,
        area: row * 1.5,
        tags: ['coast', 'old town', 'university'],
      })),
    }),
  },
};
