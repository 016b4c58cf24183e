// Asks a server for URLs, a few at a time, as often as it is told to: the visitors of npm run bench:warm
import { Agent, get } from 'node:http';

/** What is to be asked for: `/cities/ROUND-0`, `/cities/ROUND-1`, … */
export interface Visit {
  readonly port: number;
  readonly urls: readonly string[];
  readonly concurrency: number;
}

const agent = new Agent({ keepAlive: true });

process.on('message', async ({ port, urls, concurrency }: Visit) => {
  const left = urls.values();
  const keepOn = async (): Promise<void> => {
    for (const path of left) await ask(port, path);
  };
  await Promise.all(Array.from({ length: concurrency }, keepOn));
  process.send?.('done');
});

function ask(port: number, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', path, agent }, (response) => {
      response.resume().on('end', resolve).on('error', reject);
    }).on('error', reject);
  });
}
