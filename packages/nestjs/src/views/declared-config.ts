import { METHODS } from 'node:http';

/** What `@RouteConfig()` of Nest says of a handler. */
const ROUTE_CONFIG = '__fastify_route_config__';

/** A value as it was once. */
interface Copied {
  readonly value: unknown;
  /** Of a literal. */
  readonly parts: ReadonlyMap<string | symbol, Copied> | undefined;
}

/** `undefined`: nobody can tell whether it is still the same. */
const declared = new WeakMap<object, Copied | undefined>();
/** A larger one is taken for changed wherever it is read. */
const VALUES = 500;

/** Remembers what a route is declared with. To be called before the first request: the objects in there are everybody's. */
export function noteDeclared(handler: object): void {
  if (!declared.has(handler))
    declared.set(handler, copyOf(Reflect.getMetadata(ROUTE_CONFIG, handler) ?? {}, { left: VALUES }));
}

/**
 * Whether anybody may have written on the `config` of a route, be it over what it was declared with: it is there for the
 * next visitor, too.
 *
 * @param isUrl - whether a pattern is known to be the one of the route
 */
export function isWritten(config: object, handler: object, isUrl: (pattern: unknown) => boolean): boolean {
  const parts = declared.get(handler)?.parts;
  if (parts === undefined) return true;
  const names = new Set<string | symbol>([...parts.keys(), ...OF_FASTIFY]);
  const isKnown = (name: string | symbol) => {
    if (!names.has(name)) return false;
    const descriptor = Object.getOwnPropertyDescriptor(config, name);
    if (descriptor === undefined || !('value' in descriptor)) return false;
    if (name === 'url') return isUrl(descriptor.value);
    if (name === 'method') return isMethods(descriptor.value);
    return isStill(descriptor.value, parts.get(name));
  };
  return [...names].some((name) => !Object.hasOwn(config, name)) || !Reflect.ownKeys(config).every(isKnown);
}

/** What Fastify adds to the `config` of each route. */
const OF_FASTIFY = ['url', 'method'];

function isMethods(value: unknown): boolean {
  if (typeof value === 'string') return METHODS.includes(value);
  return Array.isArray(value) && value.every(isMethods) && Reflect.ownKeys(value).length === value.length + 1;
}

function copyOf(value: unknown, room: { left: number }): Copied | undefined {
  room.left -= 1;
  if (room.left < 0) return undefined;
  if (typeof value !== 'object' || value === null) return { value, parts: undefined };
  if (!isLiteral(value)) return undefined;
  const parts = new Map<string | symbol, Copied>();
  for (const name of Reflect.ownKeys(value)) {
    const descriptor = Object.getOwnPropertyDescriptor(value, name);
    const part = descriptor !== undefined && 'value' in descriptor ? copyOf(descriptor.value, room) : undefined;
    if (part === undefined) return undefined;
    parts.set(name, part);
  }
  return { value: Object.getPrototypeOf(value), parts };
}

/** As deep as the copy is, and no deeper. */
function isStill(value: unknown, copied: Copied | undefined): boolean {
  if (copied?.parts === undefined) return copied !== undefined && Object.is(value, copied.value);
  const { parts } = copied;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== copied.value) return false;
  const names = Reflect.ownKeys(value);
  return (
    names.length === parts.size &&
    names.every((name) => {
      const descriptor = Object.getOwnPropertyDescriptor(value, name);
      return descriptor !== undefined && 'value' in descriptor && isStill(descriptor.value, parts.get(name));
    })
  );
}

/** What a `Map`, or an object of a class, holds is not in its properties alone. */
function isLiteral(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === null || Object.getPrototypeOf(prototype) === null;
}
