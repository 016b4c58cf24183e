// Makes the client of Prisma that tests use, from its schema: `node scripts/prisma-test-client.mjs`, after a change of either.
//
// Of what `prisma generate` writes only the description of the models is kept: the types are 12 000 lines, and the command
// that writes them is 300 MB, which no other test needs.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = 'test/src/orm/prisma';
const { version } = JSON.parse(readFileSync('test/node_modules/@prisma/client/package.json', 'utf8'));
const work = mkdtempSync(join(tmpdir(), 'viewcache-prisma-'));
try {
  writeFileSync(join(work, 'package.json'), '{ "private": true, "type": "module" }');
  const run = (command, ...args) => execFileSync(command, args, { cwd: work, env, stdio: 'inherit' });
  // It would fetch an engine for migrations, which generating does not use.
  const env = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath };
  run(
    'npm',
    'install',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    `prisma@${version}`,
    `@prisma/client@${version}`,
  );
  const schema = readFileSync(`${folder}/schema.prisma`, 'utf8');
  const models = {};
  for (const provider of ['postgresql', 'mysql', 'sqlite']) {
    writeFileSync(join(work, 'schema.prisma'), schema.replace('"postgresql"', `"${provider}"`));
    run('npx', 'prisma', 'generate', '--schema', 'schema.prisma');
    const written = readFileSync(join(work, 'generated/internal/class.ts'), 'utf8');
    const text = (before) => JSON.parse(new RegExp(`${before}("(?:[^"\\\\]|\\\\.)*")`).exec(written)[1]);
    models[provider] = {
      clientVersion: text('"clientVersion": '),
      engineVersion: text('"engineVersion": '),
      inlineSchema: text('"inlineSchema": '),
      runtimeDataModel: text('config\\.runtimeDataModel = JSON\\.parse\\('),
      strings: text('strings: JSON\\.parse\\('),
      graph: text('graph: '),
    };
  }
  writeFileSync(
    `${folder}/models.ts`,
    `// Written by scripts/prisma-test-client.mjs.\n\nexport const MODELS = ${JSON.stringify(models)};\n`,
  );
  execFileSync('node_modules/.bin/biome', ['check', '--write', `${folder}/models.ts`], { stdio: 'inherit' });
} finally {
  rmSync(work, { recursive: true, force: true });
}
