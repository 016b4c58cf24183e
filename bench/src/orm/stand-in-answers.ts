import { message } from './stand-in-messages.js';

/** What becomes of one text. */
export interface Answer {
  readonly verb: string;
  /** Of the columns; absent where there are none. */
  readonly description: Buffer | undefined;
  /** The one row that there is, by the values that were sent along. */
  readonly row: ((values: readonly string[]) => readonly string[]) | undefined;
  /** How it ended. */
  readonly tag: Buffer;
}

const known = new Map<string, Answer>();

/** Tables of the scenarios, as the catalogue says it: `users` with `id`, `name` and `email`. */
const USERS = {
  oid: 16_384,
  schema: 'public',
  name: 'users',
  pk: [['id', 1, true]],
  triggers: null,
  hasRules: false,
  isWhole: true,
};

/** Questions that are asked once, when somebody connects. */
const ONCE: readonly (readonly [RegExp, string])[] = [
  [/current_schemas/, '["public"]'],
  [/'pk'/, JSON.stringify(USERS)],
  [/current_schema\(/, 'public'],
  [/version/, 'PostgreSQL 16.0'],
];

/** Each row has the key that it was asked for by. */
export function answerOf(sql: string): Answer {
  const answer = known.get(sql) ?? make(sql);
  known.set(sql, answer);
  return answer;
}

function make(sql: string): Answer {
  const [verb = ''] = /\w+/.exec(sql.toUpperCase()) ?? [];
  const columns = columnsOf(sql);
  const once = ONCE.find(([asked]) => asked.test(sql))?.[1];
  const isEmpty = once === undefined && /pg_catalog|pg_class|pg_/i.test(sql);
  const [, key] = /\bid"? *(?:=|IN \() *\$(\d+)/i.exec(sql) ?? [];
  const at = Number(key ?? 1) - 1;
  return {
    verb,
    description: columns.length === 0 ? undefined : describe(columns),
    row:
      columns.length === 0 || isEmpty
        ? undefined
        : (values) => columns.map((column) => once ?? (isKey(column) ? (values[at] ?? '1') : 'Ana')),
    tag: message('C', Buffer.from(`${verb === 'INSERT' ? 'INSERT 0' : verb} 1\0`)),
  };
}

const isKey = (column: string): boolean => /(?:^|_)id$/.test(column);

/** The names of what it returns. */
function columnsOf(sql: string): readonly string[] {
  const [, list] = /\bRETURNING\s+(.*)$/is.exec(sql) ?? /^\s*SELECT\s+(.*?)(?:\sFROM\s|$)/is.exec(sql) ?? [];
  if (list === undefined) return [];
  const [, asked] = /\b(version|current_schema)\(/i.exec(sql) ?? [];
  if (asked !== undefined) return [asked];
  if (/json/.test(list)) return ['value'];
  return list.split(',').map((item) => /(\w+)"?\s*$/.exec(item)?.[1] ?? 'value');
}

/** Keys are `int4`, everything else is text. */
function describe(columns: readonly string[]): Buffer {
  const count = Buffer.alloc(2);
  count.writeInt16BE(columns.length);
  const fields = columns.map((column, i) => {
    const rest = Buffer.alloc(18);
    const isOfTable = column !== 'value';
    rest.writeInt32BE(isOfTable ? USERS.oid : 0, 0);
    rest.writeInt16BE(isOfTable ? i + 1 : 0, 4);
    rest.writeInt32BE(isKey(column) ? 23 : 25, 6);
    rest.writeInt16BE(isKey(column) ? 4 : -1, 10);
    rest.writeInt32BE(-1, 12);
    return Buffer.concat([Buffer.from(`${column}\0`), rest]);
  });
  return message('T', Buffer.concat([count, ...fields]));
}
