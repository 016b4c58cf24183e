import { createHash } from 'node:crypto';

/** Tags may have 256 characters, and `!bulk` has to fit behind a table's. */
const LONGEST_NAME = 120;
const LONGEST_ID = 100;

/** What must stand for itself in no name: the marks that tags are made with, and what no tag may contain. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it is about
const MARKS_OF_NAMES = /[\u0000-\u001f\u007f%#!.:]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const MARKS_OF_IDS = /[\u0000-\u001f\u007f%,]/g;

/**
 * The tag of a table: its name, with its schema in front where that is not the first one of the search path, and the
 * namespace in front of both.
 *
 * @param prefixes - schema and namespace, the outer one last; those that are left out are `undefined`
 */
export function tableTag(name: string, schema: string | undefined, namespace: string | undefined): string {
  const inner = encode(name, MARKS_OF_NAMES);
  const within = schema === undefined ? inner : `${encode(schema, MARKS_OF_NAMES)}.${inner}`;
  const whole = namespace === undefined ? within : `${encode(namespace, MARKS_OF_NAMES)}:${within}`;
  return shortened(whole, LONGEST_NAME);
}

/**
 * What stands for a row behind the `#` of its tag: the values of its primary key, so written that the same row is spelled
 * alike whoever names it: the number 1 as the text `'1'` and as `'01'`, a UUID in any letter case. Where a database might take two
 * texts for one, as collations do with `'Ä'` and `'a'`, they are one here: that costs precision and nothing else.
 *
 * @returns `undefined` where a value may be spelled in ways that nobody can list, such as a date
 */
export function rowId(values: readonly unknown[]): string | undefined {
  const [first] = values;
  // Most keys are such a number, which has nothing to encode.
  if (values.length === 1 && Number.isSafeInteger(first)) return String(first);
  const parts: string[] = [];
  for (const value of values) {
    const part = keyText(value);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return parts.length === 0 ? undefined : idOf(parts);
}

/** The same with texts as they are written: what somebody may have named by hand in a tag of his own. */
export function writtenRowId(values: readonly unknown[]): string {
  return idOf(values.map(String));
}

function idOf(parts: readonly string[]): string {
  return shortened(parts.map((part) => encode(part, MARKS_OF_IDS)).join(','), LONGEST_ID);
}

function keyText(value: unknown): string | undefined {
  if (typeof value === 'string') return textKey(value);
  if (typeof value === 'bigint') return String(value);
  // A whole number that is not safe may have been rounded on its way: it is another row's.
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return String(value);
    return Number.isInteger(value) ? undefined : numberKey(String(value));
  }
  // Its bytes may be written in several ways, and a driver takes it for what the column is.
  return undefined;
}

function textKey(text: string): string | undefined {
  if (/^[1-9]\d{0,14}$/.test(text)) return text;
  const trimmed = text.trim();
  if (MANY.test(trimmed)) return undefined;
  if (/^[+-]?\.?\d/.test(trimmed)) {
    const number = numberKey(trimmed);
    if (number !== undefined) return number;
    if (INTEGER.test(trimmed)) return trimmed.length > LONGEST_ID ? undefined : integerKey(trimmed);
    // `1e3` may be a number, and 1000 is another spelling of it; a UUID may look like one.
    if (/^[+-]?[\d._]+e[+-]?\d+$/i.test(trimmed)) return UUID.test(trimmed) ? uuidKey(trimmed) : undefined;
  }
  if (UUID.test(trimmed)) return uuidKey(trimmed);
  // Bytes: `\x0a1b` in PostgreSQL.
  return folded(trimmed);
}

/** A number, or a UUID, whose zeros count; `Infinity` of a number, which may be a text. */
const MANY = /^(?:0\d{31}|0b[01]{30}|[+-]?inf(?:inity)?)$/i;

const UUID = /^\{?(?:[\da-f]{4}-?){8}\}?$/i;

function uuidKey(text: string): string {
  return text.replace(/[{}-]/g, '').toLowerCase();
}

/** A decimal number without what it may be written with or without. */
function numberKey(text: string): string | undefined {
  // No two parts of it take the same digits: a client may have written the text, and of a long one each split would be tried.
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text);
  if (parts === null) return undefined;
  const [, sign, digits = '', fraction = ''] = parts;
  const whole = digits.replace(/^0+/, '');
  const rest = withoutLastZeros(fraction);
  const size = `${whole === '' ? '0' : whole}${rest === '' ? '' : `.${rest}`}`;
  return sign === '-' && size !== '0' ? `-${size}` : size;
}

/** By hand: `/0+$/` looks on from each zero. */
function withoutLastZeros(digits: string): string {
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === 0x30) end--;
  return digits.slice(0, end);
}

/** PostgreSQL 16 takes `0x1f`, `0o17`, `0b11` and `1_000` for the integers that they are in a program. */
const INTEGER = /^[+-]?(?:0x_?[\da-f][\da-f_]*|0o_?[0-7][0-7_]*|0b_?[01][01_]*|\d[\d_]*)$/i;

function integerKey(text: string): string {
  const digits = text.replace(/[+_-]/g, '').toLowerCase();
  const size = BigInt(/^0[xob]/.test(digits) ? digits : digits.replace(/^0+(?=\d)/, ''));
  return String(text.startsWith('-') ? -size : size);
}

/** One text for all that some collation takes for the same. */
function folded(text: string): string {
  // Nothing of ASCII but its capitals is ever taken for something else.
  if (/^[\u0021-\u0040\u005b-\u007e]*$/.test(text)) return text;
  return text.toLowerCase().normalize('NFKD').replace(/\p{M}/gu, '').toUpperCase().toLowerCase();
}

function encode(text: string, marks: RegExp): string {
  return text.replace(marks, (mark) => `%${mark.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** A long text by its hash, which begins as nothing does that {@link encode} has written. */
function shortened(text: string, longest: number): string {
  if (text.length <= longest) return text;
  return `%~${createHash('sha256').update(text).digest('base64url')}`;
}
