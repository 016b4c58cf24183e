import { CityDirectory } from './city-directory.js';
import { openDatabase } from './database.js';
import { bold, count, dim, ms, printTable } from './print.js';
import { progressBar } from './progress.js';

console.log(`\n  ${bold('viewcache')} · a city directory on TypeORM and SQLite\n`);

const start = performance.now();
const draw = progressBar('Loading cities');
let cities = 0;
const database = await openDatabase((loaded, total) => {
  cities = total;
  draw(loaded, total);
});
const seconds = ((performance.now() - start) / 1000).toFixed(1);
console.log(`  ${count(cities)} in ${seconds} s\n  ${dim('Data: GeoNames (https://www.geonames.org), CC BY 4.0')}\n`);

const directory = new CityDirectory(database);
const questions: readonly [string, () => Promise<unknown>][] = [
  ['cities that begin with "par"', () => directory.search('par')],
  ['the largest cities of France', () => directory.top('FR')],
  ['the cities of France in numbers', () => directory.statistics('FR')],
  ['the nearest cities to 48.85, 2.35', () => directory.nearest(48.85, 2.35)],
  ['one city', () => directory.find(2988507)],
];
const rows: string[][] = [];
for (const [question, ask] of questions) {
  const asked = performance.now();
  await ask();
  rows.push([question, ms(performance.now() - asked)]);
}
printTable([{ title: 'question' }, { title: 'ms', align: 'right' }], rows);
await database.destroy();
