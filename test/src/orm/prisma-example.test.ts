import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';

const main = fileURLToPath(new URL('../../../examples/prisma/dist/main.js', import.meta.url));

it('the example of Prisma stores its pages, and makes those anew whose author was renamed', async () => {
  const { CACHE_URL: _, ...env } = process.env;
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  expect({ errors, code }).toEqual({ errors: '', code: 0 });
  const said = output
    .trim()
    .split('\n')
    .map((line) => /^(\S+ \S+)(?: +viewcache; (hit|fwd=[\w-]+))?/.exec(line)?.slice(1).join(' ').trim());
  expect(said).toEqual([
    ...['GET /authors fwd=uri-miss', 'GET /authors/1 fwd=uri-miss', 'GET /authors/2 fwd=uri-miss'],
    ...['GET /authors hit', 'GET /authors/1 hit', 'GET /authors/2 hit'],
    'PUT /authors/2',
    ...['GET /authors fwd=stale', 'GET /authors/1 hit', 'GET /authors/2 fwd=stale'],
  ]);
  expect(output.trim().split('\n').at(-1)).toContain('Álvaro de Campos');
});
