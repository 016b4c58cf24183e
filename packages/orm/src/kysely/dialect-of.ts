import { ConfigError } from '@viewcache/core';
import { wrongTarget } from '../source/wrong-target.js';
import type { Dialect } from '../statements/footprint-types.js';
import type { CompilerLike, KyselyDialect } from './kysely-types.js';

/** What a parameter and a quoted name look like: nothing else tells the databases of dialects apart that others have written. */
const LOOKS: Readonly<Record<string, Dialect>> = { '$1 "x"': 'postgres', '? `x`': 'mysql', '? "x"': 'sqlite' };

const ALLOWED = 'a dialect of PostgreSQL, MySQL, MariaDB or SQLite, before it is handed to new Kysely({ dialect })';

/** @throws `ConfigError` for what is no dialect, and for those of other databases */
export function dialectOf(given: unknown): Dialect {
  const { createDriver, createQueryCompiler } = (given ?? {}) as Partial<KyselyDialect>;
  if (typeof createDriver !== 'function' || typeof createQueryCompiler !== 'function')
    throw wrongTarget('watchKysely', given, ALLOWED);
  const dialect = LOOKS[lookOf((given as KyselyDialect).createQueryCompiler() as CompilerLike)];
  if (dialect === undefined) throw new ConfigError('watchKysely', given, ALLOWED);
  return dialect;
}

function lookOf(compiler: CompilerLike): string {
  const raw = {
    kind: 'RawNode',
    sqlFragments: ['', ' ', ''],
    parameters: [
      { kind: 'ValueNode', value: 1 },
      { kind: 'IdentifierNode', name: 'x' },
    ],
  };
  try {
    return compiler.compileQuery(raw, { queryId: 'viewcache' }).sql;
  } catch {
    return '';
  }
}
