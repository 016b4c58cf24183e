import type { AsyncLocalStorage } from 'node:async_hooks';
import { ConfigError } from '../base/errors.js';
import { LANGUAGES, selectingNameOf } from '../engine/selecting-values.js';
import { isToken } from '../http/syntax.js';
import { checkOneOf } from './check.js';

/** What `inputs` can say of all inputs at once. */
export const INPUT_MODES = ['guard', 'refuse', 'warn', 'off'] as const;
/**
 * `guard`: each input by its own default. `refuse`: every input outside the key keeps a response from being stored.
 * `warn`: stored all the same, with a warning. `off`: nothing is watched.
 */
export type InputMode = (typeof INPUT_MODES)[number];

/** What `inputs` can say of one input. */
export const INPUT_ACTIONS = ['refuse', 'vary', 'hide', 'ignore'] as const;
/**
 * `refuse`: a response whose producer read it is not stored. `vary`: it selects among variants. `hide`: the producer
 * does not see it. `ignore`: reading it means nothing.
 */
export type InputAction = (typeof INPUT_ACTIONS)[number];

/** The option `inputs`, read. */
export interface InputRules {
  readonly mode: InputMode;
  /** By input, as the guard names them: `header cookie`, `req.user`, `res.locals.user`, `all headers`. */
  readonly actions: ReadonlyMap<string, InputAction>;
  /** Names of request fields that the producer does not see, lower case. */
  readonly hiddenFields: ReadonlySet<string>;
  /** Neither cookie nor Authorization reaches the producer unkeyed: a copy of all fields may be made without them. */
  readonly hasAnonymousCopies: boolean;
  /** Names under which the values of properties of the request may select among variants. */
  readonly properties: readonly string[];
  /** AsyncLocalStorages whose store, when it is read, counts as an input. */
  readonly watch: readonly WatchedStorage[];
}

/** An AsyncLocalStorage, as far as it is watched. */
export type WatchedStorage = Pick<AsyncLocalStorage<unknown>, 'getStore'>;

const FIELD = 'header ';
const ALLOWED =
  "'guard', 'refuse', 'warn', 'off', or an object such as { 'req.user': 'ignore', cookie: 'hide', 'x-tenant': 'vary' }";
const NAMES =
  "names of request fields, 'req.user', 'res.user', 'res.locals.user', 'all headers' or 'socket.remoteAddress'";

/** Reads the options `inputs` and `watch`. */
export function readInputs(what: string, inputs: unknown, watch: unknown, vary: readonly string[]): InputRules {
  const mode = typeof inputs === 'string' ? checkOneOf(`${what}.inputs`, inputs, INPUT_MODES) : 'guard';
  const actions = typeof inputs === 'string' ? new Map<string, InputAction>() : readActions(`${what}.inputs`, inputs);
  const fields = [...actions].filter(([input]) => input.startsWith(FIELD));
  const hiddenFields = new Set(
    fields.flatMap(([input, action]) => (action === 'hide' ? [input.slice(FIELD.length)] : [])),
  );
  const varied = [...actions].flatMap(([input, it]) => (it === 'vary' && input.startsWith('req.') ? [input] : []));
  const isCovered = (name: string) => hiddenFields.has(name) || vary.includes(name);
  const watched = readWatch(`${what}.watch`, watch);
  if (mode === 'off' && watched.length > 0) {
    throw new ConfigError(`${what}.watch`, watch, "nothing to watch with inputs: 'off'");
  }
  return {
    mode,
    actions,
    hiddenFields,
    hasAnonymousCopies: hiddenFields.size > 0 && isCovered('cookie') && isCovered('authorization'),
    properties: [...LANGUAGES, ...varied.map((input) => selectingNameOf(input.slice('req.'.length)))],
    watch: watched,
  };
}

function readActions(setting: string, inputs: unknown): Map<string, InputAction> {
  const actions = new Map<string, InputAction>();
  if (inputs === undefined) return actions;
  if (typeof inputs !== 'object' || inputs === null || Array.isArray(inputs)) {
    throw new ConfigError(setting, inputs, ALLOWED);
  }
  for (const [name, value] of Object.entries(inputs)) {
    const input = inputOf(name);
    if (input === undefined) throw new ConfigError(setting, name, NAMES, meantBy(name));
    const action = checkOneOf(`${setting}.${name}`, value, INPUT_ACTIONS);
    const refused = whyNot(input, action);
    if (refused !== undefined) throw new ConfigError(`${setting}.${name}`, value, refused);
    actions.set(input, action);
  }
  return actions;
}

const PROPERTY = /^(?:req|res|res\.locals)\.[\w$]+$/;
/** What an app has put among the fields under a name that no client's field has: not in lower case. */
const ADDED = /^req\.headers(?:\.(?=\w*[A-Z])[\w$]+|\['[^']*[A-Z][^']*'\])$/;

/** Properties that read what is an input: to name them would change nothing. */
const READS: Readonly<Record<string, string>> = {
  'req.ip': "'x-forwarded-for' and 'socket.remoteAddress'",
  'req.ips': "'x-forwarded-for'",
  'req.headers': "'all headers'",
  'req.rawHeaders': "'all headers'",
  'req.headersDistinct': "'all headers'",
};

/** The input that somebody had in mind who wrote it as code does, or as events do. */
function meantBy(name: string): string | undefined {
  if (Object.hasOwn(READS, name)) return READS[name];
  const field = /^(?:header |req\.headers\.)(.+)$/.exec(name)?.[1];
  if (field !== undefined && isToken(field)) return `'${field}'`;
  const part = /^((?:req|res\.locals|res(?!\.locals\.))\.[\w$]+)\./.exec(name)?.[1];
  return part === undefined ? undefined : `'${part}'`;
}

/** The input that an option names, as the guard names it. */
function inputOf(name: string): string | undefined {
  if (Object.hasOwn(READS, name)) return undefined;
  if (name === 'all headers' || name === 'socket.remoteAddress') return name;
  if ((PROPERTY.test(name) && name !== 'res.locals') || ADDED.test(name)) return name;
  return isToken(name) && !name.includes('.') ? FIELD + name.toLowerCase() : undefined;
}

function whyNot(input: string, action: InputAction): string | undefined {
  if (input === 'all headers' && (action === 'hide' || action === 'vary')) {
    return "'refuse' or 'ignore'; hide the fields that must not be copied by their names, such as cookie";
  }
  if (input === 'socket.remoteAddress' && (action === 'hide' || action === 'vary')) return "'refuse' or 'ignore'";
  if (ADDED.test(input) && (action === 'hide' || action === 'vary')) {
    return "'refuse' or 'ignore'; a `key` can return it";
  }
  if (input.startsWith('res.') && action === 'vary') return "'refuse', 'hide' or 'ignore'; a `key` can return it";
  return undefined;
}

function readWatch(setting: string, watch: unknown): readonly WatchedStorage[] {
  if (watch === undefined) return [];
  const isStorage = (it: unknown): it is WatchedStorage =>
    typeof it === 'object' && it !== null && 'getStore' in it && typeof it.getStore === 'function';
  // A copy has no holes, which `every` would pass over.
  const copy: unknown[] | undefined = Array.isArray(watch) ? [...watch] : undefined;
  if (copy?.every(isStorage)) return copy;
  throw new ConfigError(setting, watch, 'a list of AsyncLocalStorages');
}
