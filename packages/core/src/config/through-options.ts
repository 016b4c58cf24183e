import { parseDuration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import type { KeyOf } from '../values/loaded.js';
import { BEHIND_OPTIONS, type BehindSettings, readBehindOptions } from './behind-options.js';
import { checkCount, checkFunction, checkOneOf, checkOptions } from './check.js';
import { HIDDEN } from './store-secrets.js';
import type { WriteInfo } from './through-option-types.js';
import { type Key, readBy } from './value-call-options.js';
import type { ValueDefaults, ValueOptions } from './value-option-types.js';
import { readValueOptions, VALUE_OPTIONS } from './value-options.js';
import { readTags } from './view-option-checks.js';

/** How a strategy reads and writes. */
const THROUGH_MODES = ['read-through', 'write-through', 'write-around', 'write-behind'] as const;

type ThroughMode = (typeof THROUGH_MODES)[number];

/** The options of a strategy with nothing left open. */
export interface ThroughSettings {
  readonly name: string;
  readonly mode: ThroughMode;
  readonly load: ((key: Key) => unknown) | undefined;
  readonly loadMany: ((keys: readonly Key[]) => unknown) | undefined;
  readonly by: KeyOf<never> | undefined;
  readonly maxBatch: number;
  readonly save: ((key: Key, value: unknown, info?: WriteInfo) => unknown) | undefined;
  readonly saveMany: ((entries: readonly (readonly [Key, unknown, WriteInfo?])[]) => unknown) | undefined;
  readonly remove: ((key: Key, info?: WriteInfo) => unknown) | undefined;
  readonly tagsOf: ((value: unknown, key: Key) => readonly string[]) | undefined;
  /** The options of each value, but for tags that a function says. */
  readonly kept: ValueOptions<unknown>;
  /** Where writes wait for the database. */
  readonly behind: BehindSettings | undefined;
}

/** Options of a value that a strategy sets itself, or has no use for. */
const OWN = ['tags', 'version', 'storeIf', 'isStale', 'forceRefresh', 'name'];
const KEPT = VALUE_OPTIONS.filter((name) => !OWN.includes(name));
const FIRST = ['name', 'mode', 'load', 'loadMany'];
const REST = ['by', 'maxBatch', 'tags', 'missingTtl', ...KEPT];
const READING = [...FIRST, ...REST];
const WRITING = [...FIRST, 'save', 'saveMany', 'remove', ...REST];

/** What the cache itself says does not matter to whether options are sound. */
const ANY_DEFAULTS: ValueDefaults = { lifetimeMs: 1, maxBytes: 1, copying: 'structured' };

/** The options that a mode knows. */
function namesOf(mode: ThroughMode): readonly string[] {
  if (mode === 'read-through') return READING;
  return mode === 'write-behind' ? [...WRITING, ...BEHIND_OPTIONS] : WRITING;
}

/**
 * Reads the options of a strategy.
 *
 * @throws {@link ConfigError} that names the setting, the value given and what is allowed
 */
export function readThroughOptions(given: object): ThroughSettings {
  const options = given as Record<string, unknown>;
  if (typeof given !== 'object' || given === null) {
    const meant = typeof given === 'string' ? `{ name: '${given}', … }` : undefined;
    throw new ConfigError('through', given, `an object with some of ${WRITING.join(', ')}`, meant);
  }
  const mode = checkOneOf('through.mode', options['mode'], THROUGH_MODES);
  refuseOfOtherModes(mode, options);
  checkOptions('through', options, namesOf(mode));
  const { name, tags, maxBatch = 100 } = options;
  if (typeof name !== 'string' || name === '' || name.startsWith(':') || name.endsWith(':'))
    throw new ConfigError('through.name', name, "what the values are called, such as 'users'");
  const { load, loadMany } = functionsOf(options, ['load', 'loadMany']);
  if (load === undefined && loadMany === undefined)
    throw new ConfigError('through.load', undefined, 'a function of a key, or loadMany: a function of a list of keys');
  const by = readBy('through', options['by']);
  if (by !== undefined && loadMany === undefined)
    throw new ConfigError(
      'through.by',
      by,
      'it beside loadMany, whose rows it tells apart',
      undefined,
      'says nothing of what load returns',
    );
  return {
    name,
    mode,
    load,
    loadMany,
    by,
    maxBatch: checkCount('through.maxBatch', maxBatch, 1),
    ...readWriting(options, mode),
    tagsOf: typeof tags === 'function' ? (tags as ThroughSettings['tagsOf']) : undefined,
    kept: readKept(options, name),
    behind: mode === 'write-behind' ? readBehindOptions(options) : undefined,
  };
}

/** Names that are right, but for another mode: what is missing is the mode, and nobody has mistyped anything. */
function refuseOfOtherModes(mode: ThroughMode, options: Record<string, unknown>): void {
  const own = namesOf(mode);
  for (const name of Object.keys(options)) {
    const modes = own.includes(name) ? [] : THROUGH_MODES.filter((other) => namesOf(other).includes(name));
    if (modes.length === 0) continue;
    const value = name === 'queue' ? HIDDEN : options[name];
    const allowed = `it in mode ${modes.map((other) => `'${other}'`).join(' or ')}`;
    throw new ConfigError(`through.${name}`, value, allowed, undefined, `says nothing in mode '${mode}'`);
  }
}

function readWriting(options: Record<string, unknown>, mode: ThroughMode) {
  const writing = functionsOf(options, ['save', 'saveMany', 'remove']);
  if (mode !== 'read-through' && writing.save === undefined && writing.saveMany === undefined)
    throw new ConfigError(
      'through.save',
      undefined,
      'a function of a key and a value, or saveMany: a function of a list of pairs',
    );
  return writing;
}

function functionsOf<Name extends string>(
  options: Record<string, unknown>,
  names: readonly Name[],
): Record<Name, ((...args: unknown[]) => unknown) | undefined> {
  const found = names.map((name) => [name, checkFunction(`through.${name}`, options[name], 'a function')]);
  return Object.fromEntries(found);
}

function readKept(options: Record<string, unknown>, name: string): ValueOptions<unknown> {
  const { missingTtl: given = 0 } = options;
  const { tags, ttl } = options as { readonly tags?: unknown; readonly ttl?: ValueOptions['ttl'] };
  const kept: Record<string, unknown> = { name };
  for (const option of KEPT) if (options[option] !== undefined) kept[option] = options[option];
  if (tags !== undefined) readTags('through.tags', tags as readonly string[]);
  if (Array.isArray(tags)) kept['tags'] = [...tags];
  readValueOptions('through', kept, ANY_DEFAULTS, () => {});
  const missingTtl = parseDuration('through.missingTtl', given);
  if (missingTtl === 0) return { ...kept, storeIf: (value) => value !== undefined };
  if (ttl === undefined) throw new ConfigError('through.missingTtl', given, "a ttl beside it, such as ttl: '10m'");
  const ttlOf = (value: unknown) => (typeof ttl === 'function' ? ttl(value) : ttl);
  return { ...kept, ttl: (value) => (value === undefined ? missingTtl / 1000 : ttlOf(value)) };
}
