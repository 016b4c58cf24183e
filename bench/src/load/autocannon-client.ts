// Runs in a process of its own, on the load's core: node autocannon-client.js '<LoadTask as JSON>'
import autocannon from 'autocannon';
import { CONNECTIONS, type LoadResult, type LoadTask } from './load.js';

const { port, path, uniqueQuery, urls, seconds } = JSON.parse(process.argv[2] ?? '') as LoadTask;
let count = 0;
const query = makeQuery();

const result = await autocannon({
  url: `http://127.0.0.1:${port}${path}`,
  connections: CONNECTIONS,
  duration: seconds,
  ...(query !== undefined && {
    requests: [
      {
        setupRequest: (request: { path: string }) => ({ ...request, path: `${path}?id=${query()}` }),
      },
    ],
  }),
});
if (result.errors > 0 || result.non2xx > 0) {
  throw new Error(`autocannon counted ${result.errors} errors and ${result.non2xx} answers other than 2xx`);
}
const answer: LoadResult = { requests: result['2xx'], seconds: result.duration };
process.send?.(answer, () => process.disconnect());

function makeQuery(): (() => string) | undefined {
  if (urls !== undefined) return () => String((count++ % urls) + 1);
  return uniqueQuery === undefined ? undefined : () => `${uniqueQuery}-${++count}`;
}
