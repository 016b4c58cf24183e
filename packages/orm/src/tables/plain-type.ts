/** Equal values of these types have one spelling, or several that are known; in letters alone. */
const PLAIN = new Set(
  (
    'number string int int2 int4 int8 int64 integer tinyint smallint mediumint bigint serial serial4 serial8 smallserial ' +
    'bigserial numeric decimal dec fixed text tinytext mediumtext longtext citext varchar varchar2 nvarchar character ' +
    'charactervarying varyingcharacter nchar char bpchar native uuid enum simpleenum name'
  ).split(' '),
);

/** Whether the values of a column's type, as an ORM or a database calls it, name rows: `varchar(20)`, `int unsigned`. */
export function isPlainType(type: string): boolean {
  const name = type
    .replace(/\(.*$/, '')
    .replace(/[^a-z0-9]/gi, '')
    .toLowerCase();
  return PLAIN.has(name);
}
