import { setImmediate as letOthersIn } from 'node:timers/promises';
import type { DataSource, Repository, SelectQueryBuilder } from 'typeorm';
import { City, searchNameOf } from './city.entity.js';

const KM_PER_DEGREE = 111;
/** The great-circle distance to (:lat, :lon) in kilometres, by the haversine formula. */
const DISTANCE_KM = `12742 * asin(min(1, sqrt(
  pow(sin(radians(city.latitude - :lat) / 2), 2) +
  cos(radians(:lat)) * cos(radians(city.latitude)) * pow(sin(radians(city.longitude - :lon) / 2), 2))))`;

export type CityEdit = Partial<Pick<City, 'name' | 'population'>>;

/** The questions the routes ask the database. Nothing in this file knows that there is a cache. */
export class CityDirectory {
  readonly #cities: Repository<City>;
  #lastEdit: Promise<unknown> = Promise.resolve();

  constructor(private readonly database: DataSource) {
    this.#cities = database.getRepository(City);
  }

  find(id: number): Promise<City | null> {
    return this.#cities.findOneBy({ id });
  }

  /** The 20 largest cities whose name begins with `prefix`. */
  search(prefix: string): Promise<City[]> {
    const from = searchNameOf(prefix);
    // A range instead of LIKE: it uses the index, and `%` in the prefix is only a character.
    return this.#cities
      .createQueryBuilder('city')
      .where('city.searchName >= :from AND city.searchName < :to', { from, to: `${from}\u{10ffff}` })
      .orderBy('city.population', 'DESC')
      .addOrderBy('city.id')
      .limit(20)
      .getMany();
  }

  /** The ten largest cities of a country, with their share of all its townspeople. */
  async top(country: string) {
    const cities = await this.#in(country).orderBy('city.population', 'DESC').addOrderBy('city.id').limit(10).getMany();
    const { population } = await this.#one<{ population: number }>(
      this.#in(country).select('sum(city.population)', 'population'),
    );
    return cities.map((city) => ({ ...city, share: round(city.population / population, 4) }));
  }

  /** What a year book says about the cities of a country; nothing when it has none. */
  async statistics(country: string) {
    const totals = await this.#one<{ cities: number; population: number; mean: number }>(
      this.#in(country)
        .select('count(*)', 'cities')
        .addSelect('sum(city.population)', 'population')
        .addSelect('avg(city.population)', 'mean')
        .addSelect('sum(city.population >= 1000000)', 'overOneMillion')
        .addSelect('sum(city.population >= 100000)', 'overHundredThousand'),
    );
    if (totals.cities === 0) return undefined;

    const first = async (column: keyof City, order: 'ASC' | 'DESC', skip = 0) => {
      await letOthersIn(); // SQLite works on this thread: between two questions other requests get their turn
      const ordered = this.#in(country).orderBy(`city.${column}`, order).addOrderBy('city.id');
      return ordered.offset(skip).limit(1).getOneOrFail();
    };
    const median = await first('population', 'ASC', Math.floor(totals.cities / 2));
    const northernmost = await first('latitude', 'DESC');
    const southernmost = await first('latitude', 'ASC');
    await letOthersIn();
    const regions = await this.#in(country)
      .select('city.region', 'region')
      .addSelect('count(*)', 'cities')
      .addSelect('sum(city.population)', 'population')
      .groupBy('city.region')
      .orderBy('population', 'DESC')
      .limit(5)
      .getRawMany();
    return {
      country,
      ...totals,
      mean: Math.round(totals.mean),
      median: median.population,
      northernmost: northernmost.name,
      southernmost: southernmost.name,
      regions,
    };
  }

  /** The ten cities nearest to a point, right across the poles and the date line too. */
  async nearest(lat: number, lon: number) {
    // Only cities in a belt of latitudes are measured. Nothing outside the belt is nearer than its half width,
    // so once the tenth city lies within that, the ten are found; otherwise the belt is widened.
    for (let degrees = 1; ; degrees *= 4) {
      const found = await this.#cities
        .createQueryBuilder('city')
        .select(['city.id AS id', 'city.name AS name', 'city.country AS country', 'city.population AS population'])
        .addSelect(DISTANCE_KM, 'km')
        .where('city.latitude BETWEEN :south AND :north')
        .setParameters({ lat, lon, south: lat - degrees, north: lat + degrees })
        .orderBy('km')
        .limit(10)
        .getRawMany<Pick<City, 'id' | 'name' | 'country' | 'population'> & { km: number }>();
      const tenth = found[9]?.km ?? Number.POSITIVE_INFINITY;
      if (tenth <= degrees * KM_PER_DEGREE || degrees > 180) {
        return found.map((city) => ({ ...city, km: round(city.km, 1) }));
      }
    }
  }

  /** Changes a city in a transaction and resolves after its commit; nothing when there is no such city. */
  edit(id: number, changes: CityEdit): Promise<City | undefined> {
    const edit = () =>
      this.database.transaction(async (manager) => {
        const city = await manager.findOneBy(City, { id });
        if (!city) return undefined;
        Object.assign(city, changes);
        await manager.update(City, id, { ...changes, searchName: searchNameOf(city.name) });
        return city;
      });
    // sql.js has one connection, and a connection has one transaction: edits wait for each other.
    const result = this.#lastEdit.then(edit);
    this.#lastEdit = result.catch(() => {});
    return result;
  }

  #in(country: string): SelectQueryBuilder<City> {
    return this.#cities.createQueryBuilder('city').where('city.country = :country', { country });
  }

  /** The only row of an aggregate, which has one even over no rows. */
  async #one<Row extends object>(query: SelectQueryBuilder<City>): Promise<Row> {
    const row = await query.getRawOne<Row>();
    if (!row) throw new Error('an aggregate returned no row');
    return row;
  }
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
