import type { Asked } from '../pg/table-reader.js';
import { wrongTarget } from '../source/wrong-target.js';

/** What is watched, without the promises around it. */
export interface Reached {
  readonly kind: 'pool' | 'connection' | 'cluster' | 'module';
  readonly inner: object;
}

const ALLOWED =
  "a pool, a connection or a cluster of mysql2 or mysql2/promise, or the module 'mysql2' itself, which has both";

type Members = Readonly<Record<string, unknown>>;

/**
 * Finds what a target has inside, by what it can do: there may be several copies of `mysql2`.
 *
 * @throws `ConfigError` for what is none
 */
export function reach(setting: string, target: unknown): Reached {
  const found = reachedIn(target);
  if (found === undefined) throw wrongTarget(setting, target, ALLOWED);
  return found;
}

/** The same, `undefined` for what is none. */
export function reachedIn(target: unknown): Reached | undefined {
  const members = membersOf(target);
  return members && (kindOf(innerOf(members)) ?? kindOf(members));
}

/** With promises there is one without inside. */
function innerOf(members: Members): Members | undefined {
  return membersOf(members['connection']) ?? membersOf(members['pool']) ?? membersOf(members['poolCluster']);
}

function kindOf(members: Members | undefined): Reached | undefined {
  if (members === undefined) return undefined;
  const has = (...names: readonly string[]): boolean => names.every((name) => typeof members[name] === 'function');
  if (has('addCommand', 'query', 'execute')) return { kind: 'connection', inner: members };
  if (has('getConnection', 'of', 'add', '_getConnection')) return { kind: 'cluster', inner: members };
  if (has('getConnection', 'query', 'execute')) return { kind: 'pool', inner: members };
  const connection = membersOf(membersOf(members['Connection'])?.['prototype']);
  const isModule = typeof connection?.['addCommand'] === 'function' && has('Pool', 'createPool');
  return isModule ? { kind: 'module', inner: members } : undefined;
}

function membersOf(value: unknown): Members | undefined {
  return (typeof value === 'object' && value !== null) || typeof value === 'function' ? (value as Members) : undefined;
}

type Query = (sql: object, callback: (error: unknown, rows?: readonly object[]) => void) => void;

/** Asks through it, whatever form it gives rows by itself. */
export function askedBy({ kind, inner }: Reached): Asked {
  return {
    query: (sql) =>
      new Promise((resolve, reject) => {
        const asked = kind === 'cluster' ? (inner as { of(pattern: string): object }).of('*') : inner;
        (asked as { query: Query }).query(
          { sql, rowsAsArray: false, nestTables: false, typeCast: true },
          (error, rows = []) => (error ? reject(error) : resolve({ rows })),
        );
      }),
  };
}
