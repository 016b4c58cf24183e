import { type Duration, parseDuration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import type { DownstreamControl } from '../http/downstream.js';
import { isToken } from '../http/syntax.js';
import { TAG_FIELDS, type TagField } from '../http/tag-field.js';
import type { TagFieldLimits } from '../invalidation/emitted-tags.js';
import { checkCount, checkOneOf, checkOptions, parseBytes } from './check.js';

/**
 * What browsers and caches in front are told where the handler says nothing. Durations; `true` is the response's own
 * lifetime, which none of them passes.
 */
export interface EmitCacheControl {
  /** `max-age` and Expires. Nobody can take a response back from a browser before. @defaultValue 0 */
  readonly browser?: Duration | true | undefined;
  /** `s-maxage`, for shared caches. @defaultValue none: what browsers are told */
  readonly shared?: Duration | true | undefined;
  /** Fields addressed to some caches only (RFC 9213): `{ 'CDN-Cache-Control': '1h' }`. @defaultValue none */
  readonly targets?: Readonly<Record<string, Duration | true>> | undefined;
}

/** How much of the head a field of tags may take; over it tags coarsen. */
export interface EmitTagLimits {
  /** Bytes of its value: long heads break proxies. @defaultValue `'2kb'` */
  readonly maxBytes?: number | string | undefined;
  /** @defaultValue 50; of Cache-Groups 32, which is what every cache has to take */
  readonly maxTags?: number | undefined;
}

/** Fields that tell caches in front the tags of each response, one by one. */
export type EmitTags = Readonly<Partial<Record<TagField, boolean | EmitTagLimits>>>;

/** {@link EmitCacheControl} and {@link EmitTags} with nothing left open. */
export interface EmissionSettings {
  readonly control: DownstreamControl | undefined;
  readonly tags: readonly (readonly [field: TagField, limits: TagFieldLimits])[];
}

/** Below this not even a single tag is sure to fit. */
const LEAST_BYTES = 64;

/** Reads what is emitted; `undefined` when nothing is. */
export function readEmission(
  what: string,
  { emitCacheControl, emitTags }: { readonly emitCacheControl?: unknown; readonly emitTags?: unknown },
): EmissionSettings | undefined {
  const control = readControl(`${what}.emitCacheControl`, emitCacheControl);
  const tags = readTagFields(`${what}.emitTags`, emitTags);
  return control === undefined && tags.length === 0 ? undefined : { control, tags };
}

function readControl(setting: string, value: unknown): DownstreamControl | undefined {
  if (value === undefined || value === false) return undefined;
  if (value === true) return { browserMs: Number.POSITIVE_INFINITY, sharedMs: undefined, targets: [] };
  if (typeof value !== 'object' || value === null) {
    throw new ConfigError(setting, value, "true, false, or { browser: '1m', shared: '1h', targets: { … } }");
  }
  checkOptions(setting, value, ['browser', 'shared', 'targets']);
  const { browser = 0, shared, targets = {} } = value as EmitCacheControl;
  if (typeof targets !== 'object' || targets === null || Array.isArray(targets)) {
    throw new ConfigError(`${setting}.targets`, targets, "durations by field, such as { 'CDN-Cache-Control': '1h' }");
  }
  return {
    browserMs: lifetime(`${setting}.browser`, browser),
    sharedMs: shared === undefined ? undefined : lifetime(`${setting}.shared`, shared),
    targets: Object.entries(targets).map(([field, ms]) => {
      if (!isToken(field) || !/.-cache-control$/i.test(field)) {
        throw new ConfigError(`${setting}.targets`, field, "names of targeted fields, such as 'CDN-Cache-Control'");
      }
      return [field, lifetime(`${setting}.targets.${field}`, ms)] as const;
    }),
  };
}

function lifetime(setting: string, value: unknown): number {
  if (value === true) return Number.POSITIVE_INFINITY;
  try {
    return parseDuration(setting, value);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(setting, value, `${error.allowed}, or true for the response's own lifetime`);
  }
}

function readTagFields(setting: string, value: unknown): EmissionSettings['tags'] {
  if (value === undefined) return [];
  checkOptions(setting, value, TAG_FIELDS);
  const fields: (readonly [TagField, TagFieldLimits])[] = [];
  for (const [name, given] of Object.entries(value as EmitTags)) {
    const field = checkOneOf(setting, name, TAG_FIELDS);
    if (given === false || given === undefined) continue;
    fields.push([field, readLimits(`${setting}.${field}`, given, field === 'Cache-Groups' ? 32 : 50)]);
  }
  return fields;
}

function readLimits(setting: string, given: unknown, mostTags: number): TagFieldLimits {
  if (given !== true && (typeof given !== 'object' || given === null)) {
    throw new ConfigError(setting, given, "true, false, or { maxBytes: '2kb', maxTags: 50 }");
  }
  const limits: EmitTagLimits = given === true ? {} : given;
  checkOptions(setting, limits, ['maxBytes', 'maxTags']);
  const maxBytes = parseBytes(`${setting}.maxBytes`, limits.maxBytes ?? '2kb');
  if (maxBytes < LEAST_BYTES) throw new ConfigError(`${setting}.maxBytes`, limits.maxBytes, `${LEAST_BYTES} or more`);
  return { maxBytes, maxTags: checkCount(`${setting}.maxTags`, limits.maxTags ?? mostTags, 1) };
}
