import type { InputRules } from '../config/input-options.js';
import type { EventSink } from '../ports/event-sink.js';
import { shownKey } from '../values/unstorable-warning.js';
import type { Dialect } from './dialect.js';
import type { Use } from './input-use.js';
import { isLocalised, VISITOR } from './inputs.js';
import { ALL_FIELDS } from './watched-fields.js';

/** Where a warning comes from, and who is to hear of it. */
export interface Place {
  readonly method: string;
  readonly route: string;
  /** The handler's own name, where that is known. */
  readonly handler: string | undefined;
  readonly dialect: Dialect;
  readonly isStored: boolean;
  /** Monotonic. */
  readonly now: number;
  readonly telemetry: Pick<EventSink, 'emit' | 'route'>;
}

const told = new WeakMap<InputRules, Set<string>>();
/** Routes and inputs that are remembered as told, for each view. */
const REMEMBERED = 1000;

/**
 * Says, once for each route and input, why a response was not stored, and what to do: to those who listen to the cache,
 * and to the developer. In production only where `inputs: 'warn'` asks for it.
 */
export function warnOfUse(rules: InputRules, use: Use, where: Place): void {
  if (!isNew(rules, `${where.method} ${where.route} ${use.input}`)) return;
  tell(rules, use.input, where, textOf(use, where));
}

/** Says that a layer could not do with what is watched, so that nothing of it is stored any more. */
export function warnOfRelease(rules: InputRules, where: Place): void {
  if (!isNew(rules, `${where.method} ${where.route} clone`)) return;
  const message = [
    `viewcache: ${where.method} ${where.route} was not stored: it tried to clone req.headers, which are watched and cannot be cloned.`,
    '  It ran again with headers that are not watched, and is not stored from now on.',
    '  clone a copy   structuredClone({ ...req.headers })',
    `  why: ${GUIDE}#clone`,
  ].join('\n');
  tell(rules, ALL_FIELDS, where, message);
}

/** Says that the key has nothing of who is asking, where the request says that: by a token, most often, which a guard has read. */
export function warnOfCredentials(rules: InputRules, where: Place): void {
  if (!isNew(rules, `${where.method} ${where.route} credentials`)) return;
  const { dialect } = where;
  const message = [
    `viewcache: ${where.method} ${where.route} was not stored: its request had Authorization, and nothing of who is asking is part of its cache key.`,
    `  if the page differs per user             ${dialect.key('req.user?.id')}      one stored response each`,
    `  if all who are let in get the same one   ${dialect.option("inputs: { authorization: 'hide' }")}`,
    '  if anybody may have it                   let it say Cache-Control: public',
    `  why: ${GUIDE}#authorization`,
  ].join('\n');
  tell(rules, 'header authorization', where, message);
}

/** Says that a field has a value for each visitor, by what came of varying by it. */
export function warnOfMany(rules: InputRules, name: string, where: Place): void {
  const message = [
    `viewcache: ${where.method} ${where.route} is not stored for 10 minutes where it reads header ${name}: it has too many values, and few of what was stored answered anybody.`,
    `  if it has a few that matter   ${where.dialect.key(`one of those few, made from req.get('${name}')`)}`,
    `  if the page does not differ   ${where.dialect.option(`inputs: { '${name}': 'ignore' }`)}`,
    `  why: ${GUIDE}#learned`,
  ].join('\n');
  tell(rules, `header ${name}`, where, message);
}

const GUIDE = 'docs/guides/input-guard.md';
const VALUES_GUIDE = 'docs/guides/values.md#who-is-asking';

function isNew(rules: InputRules, what: string): boolean {
  let known = told.get(rules);
  if (known === undefined) {
    known = new Set();
    told.set(rules, known);
  }
  if (known.has(what) || known.size >= REMEMBERED) return false;
  known.add(what);
  return true;
}

function tell(rules: InputRules, input: string, where: Place, message: string): void {
  where.telemetry.emit({ type: 'input', route: where.route, input, stored: where.isStored, message });
  if (process.env['NODE_ENV'] !== 'production' || rules.mode === 'warn') {
    process.emitWarning(message, 'ViewcacheWarning');
  }
}

function textOf(use: Use, where: Place): string {
  const { input, by } = use;
  const start = `viewcache: ${where.method} ${where.route} was ${where.isStored ? 'stored, although' : 'not stored:'}`;
  const why = `  why: ${use.value === undefined ? `${GUIDE}#${anchorOf(input)}` : VALUES_GUIDE}`;
  const place = by.reader.place === undefined ? '' : `   (${by.reader.place})`;
  if (by.hasGoneOn && by.layer !== undefined) {
    const name = by.layer;
    const mention = /^[\w$]+$/.test(name) ? name : 'it';
    return [
      `${start} middleware ${name} (mounted after the cache) ${readOf(use)} and may decide who gets through; on a hit it would be skipped.`,
      ...(place === '' ? [] : [`  read by   ${name}${place}`]),
      `  Mount it before cachePage, or wrap it in loader(${mention}) if it never refuses a request.`,
      why,
    ].join('\n');
  }
  return [
    `${start} it ${deedOf(use)}.`,
    by.isEarly === true
      ? `  read by   an interceptor further out than the cache, whose result is stored`
      : `  read by   ${where.handler === undefined ? '' : `${where.handler}, `}the handler of ${where.route}${place}`,
    ...remediesOf(use, where.dialect),
    ...(by.isEarly === true ? ['  if it only observes, such as a log   declare its class: @Observer()'] : []),
    why,
  ].join('\n');
}

/** By itself, or by what it has used. */
function readOf({ input, value }: Use): string {
  return value === undefined ? `read ${input}` : `used the value ${shownKey(value)}, whose producer read ${input}`;
}

function deedOf(use: Use): string {
  const { input, isLeft, isForgotten } = use;
  if (isForgotten === true)
    return `read ${input}, for which its key option returned undefined: everybody would share one page`;
  if (isLeft === true) return `read ${input}, which a middleware mounted after the cache has set: no key can have it`;
  if (input === VISITOR) return `has a fragment in it that is for one visitor, ${shownKey(use.value ?? '')}`;
  if (input !== ALL_FIELDS || use.value !== undefined) return `${readOf(use)}, which is not part of its cache key`;
  return 'copied all request headers (fetch, proxy or SSR adapter?), which are not part of its cache key';
}

/** In two columns, so that each can be copied. */
function remediesOf({ input, isLeft, isForgotten, value }: Use, dialect: Dialect): string[] {
  if (isForgotten === true) {
    return [
      '  if the page differs per user   let key return what tells users apart, such as their _id',
      "  if it does not                 let key return a word for all of them: 'member'",
    ];
  }
  if (input === ALL_FIELDS) {
    return [
      `  if it needs no visitor's own   ${dialect.option("inputs: { cookie: 'hide', authorization: 'hide' }")}`,
      `  if it needs them all           leave it out of the cache: ${dialect.never}`,
    ];
  }
  if (input === VISITOR) {
    return [
      `  if the page differs per user   leave it to its fragments, and the page out of the cache: ${dialect.never}`,
      `  if all of it may be kept       ${dialect.key('req.user?.id')}      and no visitor in its fragments`,
      '  if the fragment does not       let it say shared: true',
    ];
  }
  const expression = keyOf(input);
  const key = expression === undefined ? undefined : dialect.key(expression);
  const lines: [when: string, what: string][] = [];
  if (isLeft === true) {
    const then = key === undefined ? '' : `, and ${key}`;
    lines.push(['if the page differs per user', `mount that middleware before cachePage${then}`]);
  } else if (input === 'header user-agent') lines.push(['if the page differs by device', dialect.key('isMobile(req)')]);
  else if (isLocalised(input)) lines.push(['if it is one per language', `choose the language ${dialect.before}`]);
  else if (SECRETS.has(input)) lines.push(['if a few pages differ by it', `${key}      not all of it: keys are shown`]);
  else if (input.startsWith('watch['))
    lines.push(['if the page differs per user', dialect.key('storage.getStore()?.user')]);
  else if (key !== undefined) lines.push(['if the page differs per user', `${key}      one stored response each`]);
  if (value !== undefined) lines.push(['if the value does', "name it in the value's key, too"]);
  const otherwise = otherwiseOf(input);
  if (otherwise !== undefined) lines.push(['if it does not', dialect.option(otherwise)]);
  const width = Math.max(...lines.map(([when]) => when.length));
  return lines.map(([when, what]) => `  ${when.padEnd(width)}   ${what}`);
}

const KEYS: Readonly<Record<string, string>> = {
  'req.user': 'req.user?.id',
  'req.auth': 'req.auth?.sub',
  'req.session': 'req.sessionID',
  'socket.remoteAddress': 'req.ip',
  'header x-forwarded-for': 'req.ip',
  'header cookie': "themeOf(req.get('cookie'))",
  'header authorization': "roleOf(req.get('authorization'))",
  // An object is no key.
  'req.cookies': 'req.cookies.theme',
  'req.signedCookies': 'req.signedCookies.theme',
};

/** Inputs that are credentials as they stand: what a key returns stands in events and in Cache-Status. */
const SECRETS: ReadonlySet<string> = new Set(['header cookie', 'header authorization']);

/** `req.ip` reads one, and then the other. */
const ADDRESS: ReadonlySet<string> = new Set(['header x-forwarded-for', 'socket.remoteAddress']);

function keyOf(input: string): string | undefined {
  const known = KEYS[input];
  if (known !== undefined) return known;
  if (input.startsWith('header ')) return `req.get('${input.slice('header '.length)}')`;
  if (input.startsWith('req.')) return input;
  if (input.startsWith('res.')) return `${input.replace(/^res\b/, 'req.res?')}`;
  return undefined;
}

function otherwiseOf(input: string): string | undefined {
  if (ADDRESS.has(input)) return "inputs: { 'x-forwarded-for': 'ignore', 'socket.remoteAddress': 'ignore' }";
  if (input.startsWith('watch[')) return 'leave the storage out of watch';
  const name = input.replace(/^header /, '');
  return name.includes(' ') ? undefined : `inputs: { '${name}': 'ignore' }`;
}

/** Headings of the guide. */
const ANCHORS: ReadonlySet<string> = new Set([
  ...['req.user', 'req.session', 'req.cookies', 'cookie', 'authorization', 'user-agent', 'all-headers', 'watch'],
]);

function anchorOf(input: string): string {
  const name = input.replace(/^header /, '').replaceAll(' ', '-');
  if (ANCHORS.has(name)) return name;
  if (input.startsWith('watch[')) return 'watch';
  if (/^(?:socket\.|header (?:x-forwarded-for|forwarded|.*-ip$))/.test(input)) return 'address';
  if (input.startsWith('res')) return input.startsWith('res.locals') ? 'res.locals' : 'properties';
  return input.startsWith('req.') ? (isLocalised(input) ? 'language' : 'properties') : 'fields';
}
