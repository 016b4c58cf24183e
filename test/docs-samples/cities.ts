// What samples in the guides import as the reader's own database.
export interface City {
  name: string;
  population: number;
}

const rows = new Map<string, City>([['7', { name: 'Lisbon', population: 545_000 }]]);

export const cities = {
  find: async (id: string): Promise<City | undefined> => rows.get(id),
  list: async (): Promise<City[]> => [...rows.values()],
  save: async (id: string, city: City): Promise<void> => void rows.set(id, city),
};
