import { defaultCache } from '@viewcache/core';
import { type Answer, Client } from './client.js';
import { bold, count, dim, green, ms, printHeading, printTable, yellow } from './print.js';

export interface DriveOptions {
  readonly origin: string;
  readonly adminToken: string;
  /** How often a handler has run so far. */
  readonly handlerRuns: () => number;
}

/** For each route some URLs to warm it up, and last the one that is measured. */
const ROUTES = [
  ['/cities?q=lon', '/cities?q=ber', '/cities?q=rom', '/cities?q=par'],
  ['/cities/2643743', '/cities/2950159', '/cities/3169070', '/cities/2988507'],
  ['/countries/GB/top', '/countries/DE/top', '/countries/IT/top', '/countries/FR/top'],
  ['/countries/GB/stats', '/countries/DE/stats', '/countries/IT/stats', '/countries/FR/stats'],
  [
    '/nearest?lat=51.5&lon=0',
    '/nearest?lat=52.5&lon=13.4',
    '/nearest?lat=41.9&lon=12.5',
    '/nearest?lat=48.85&lon=2.35',
  ],
];
const PARIS = 2988507;
const BERLIN = 2950159;
const HITS = 50;
const CROWD = 50;

/** Visits the running app over HTTP and prints what the cache did. */
export async function drive({ origin, adminToken, handlerRuns }: DriveOptions): Promise<void> {
  const client = new Client(origin);
  await compareAnswers(client);
  await editParis(client, adminToken);
  await arriveAtOnce(client, handlerRuns);
  printStats();
  client.close();
}

/** 1: the first answer of each route beside the median of its next ones. */
async function compareAnswers(client: Client): Promise<void> {
  // Other URLs of the same routes come first, so that neither column pays for compiling code or opening a connection.
  for (let i = 0; i < HITS; i++) for (const urls of ROUTES) for (const url of urls.slice(0, -1)) await client.get(url);

  const rows: string[][] = [];
  for (const path of ROUTES.map((urls) => urls.at(-1) as string)) {
    const first = await client.get(path);
    const next: Answer[] = [];
    for (let i = 0; i < HITS; i++) next.push(await client.get(path));
    const cached = median(next.map((answer) => answer.ms));
    const ratio = `${(first.ms / cached).toFixed(0)} ×`;
    rows.push([path, ms(first.ms), ms(cached), ratio, next.at(-1)?.cacheStatus ?? '']);
  }
  printHeading('A page is computed once, then answered from the cache', 'app.use(cachePage(300))');
  printTable(
    [
      { title: 'route' },
      { title: 'first ms', align: 'right', paint: yellow },
      { title: 'cached ms', align: 'right', paint: green },
      { title: 'ratio', align: 'right', paint: bold },
      { title: 'Cache-Status', paint: dim },
    ],
    rows,
  );
}

/** 2: what four pages say of Paris before and after an edit, and the page of another city. */
async function editParis(client: Client, adminToken: string): Promise<void> {
  const city = `/cities/${PARIS}`;
  const pages = [city, '/cities?q=par', '/countries/FR/top', '/countries/FR/stats', `/cities/${BERLIN}`];
  const before = await getAll(client, pages);
  const population = populationIn(before[0]) + 61_449;
  const edit = await client.put(`/admin${city}`, adminToken, { population });
  const after = await getAll(client, pages);
  const rows = pages.map((page, i) => [
    page,
    count(populationIn(before[i])),
    outcome(before[i]),
    '→',
    count(populationIn(after[i])),
    outcome(after[i]),
  ]);
  printHeading('A write is seen at once, and only where it matters', 'watchTypeOrm(database)');
  console.log(`  PUT /admin${city} {"population":${population}}  ${dim(`answered ${edit.status}`)}\n`);
  printTable(
    [
      { title: 'population on' },
      { title: 'before', align: 'right', paint: yellow },
      { title: '', paint: dim },
      { title: '' },
      { title: 'after', align: 'right', paint: green },
      { title: '', paint: dim },
    ],
    rows,
  );
}

/** 3: a crowd asks for a page that is not stored yet. */
async function arriveAtOnce(client: Client, handlerRuns: () => number): Promise<void> {
  const path = '/countries/US/stats';
  const crowd = (path: string) => Promise.all(Array.from({ length: CROWD }, () => client.get(path)));
  await crowd('/'); // their connections are open by now, so that the next requests really arrive together
  const runsBefore = handlerRuns();
  const start = performance.now();
  const answers = await crowd(path);
  const elapsed = performance.now() - start;
  const runs = handlerRuns() - runsBefore;
  printHeading(`${CROWD} equal requests at once run the handler once`, `GET ${path}`);
  const times = runs === 1 ? 'once' : `${runs} times`;
  console.log(`  ${answers.length} answers in ${ms(elapsed)} ms, and the handler ran ${green(times)}`);
  for (const [status, many] of tally(answers.map((answer) => outcome(answer).replace(/; ttl=\d+/, '')))) {
    console.log(`  ${String(many).padStart(2)} ×  ${dim(status)}`);
  }
}

/** 4: the cache's own count of all this. */
function printStats(): void {
  const { hits, misses, collapsed, entries, bytes, hitRatio, timeSavedMs } = defaultCache().stats();
  printHeading('The cache keeps count', 'cache.stats()');
  const ratio = `${(100 * hitRatio).toFixed(1)} %`;
  console.log(
    `  ${count(hits)} hits · ${count(misses)} misses · ${count(collapsed)} collapsed · hit ratio ${green(ratio)}`,
  );
  console.log(`  ${entries} stored responses in ${(bytes / 1024).toFixed(1)} KB · ${ms(timeSavedMs / 1000)} s saved`);
}

async function getAll(client: Client, paths: readonly string[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const path of paths) answers.push(await client.get(path));
  return answers;
}

/** The population that a page shows: its own, or that of the first city in its list. */
function populationIn(answer: Answer | undefined): number {
  const [shown] = [answer?.body].flat() as { population: number }[];
  return shown?.population ?? Number.NaN;
}

/** The Cache-Status without the name of the cache. */
function outcome(answer: Answer | undefined): string {
  return answer?.cacheStatus.replace(/^viewcache; /, '') ?? '';
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

function tally(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
