import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { repository } from '../workspace/repository.js';

const folder = new URL('examples/fragments/', repository);

describe('the example of fragments', () => {
  it('prints what its page says', async () => {
    const { PORT: _port, CACHE_URL: _url, ...env } = process.env;
    const main = fileURLToPath(new URL('dist/main.js', folder));
    const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    const page = await readFile(new URL('README.md', folder), 'utf8');
    const shown = /## What it shows\n\n(.*?)\n\n/s.exec(page)?.[1]?.replaceAll(/^ {4}/gm, '');
    expect([output.trim(), code]).toEqual([shown, 0]);
    expect(errors).toContain('fragment wrong: it is made of req.user');
  });
});
