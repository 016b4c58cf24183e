/** The sizes of body that the scenarios use. */
export type Size = '2k' | '50k';

const BYTES: Record<Size, number> = { '2k': 2_000, '50k': 50_000 };

/** Says whether a command line word names a {@link Size}. */
export function isSize(word: string | undefined): word is Size {
  return word === '2k' || word === '50k';
}

interface City {
  id: number;
  name: string;
  country: string;
  population: number;
  elevation: number;
}

/** The object that every handler sends; its JSON has exactly 2,000 or 50,000 bytes. */
export interface Payload {
  cities: City[];
  pad: string;
}

/**
 * Makes the object that every handler sends.
 *
 * It is ASCII only: V8 encodes such a string fastest, so that the uncached routes are as cheap as they can be
 * and no cache looks better than it is.
 */
export function makePayload(size: Size): Payload {
  const payload: Payload = { cities: [], pad: '' };
  const room = BYTES[size] - 150;
  let length = JSON.stringify(payload).length;
  for (let id = 1; length < room; id++) {
    const city = makeCity(id);
    payload.cities.push(city);
    length += JSON.stringify(city).length + 1;
  }
  payload.pad = '.'.repeat(BYTES[size] - JSON.stringify(payload).length);
  return payload;
}

function makeCity(id: number): City {
  const spread = (id * 2_654_435_761) % 1_000_003;
  return {
    id,
    name: `City of ${spread.toString(36)}`,
    country: ['DE', 'FR', 'IT', 'JP', 'BR', 'KE'][id % 6] ?? 'DE',
    population: spread * 7,
    elevation: spread % 3_000,
  };
}
