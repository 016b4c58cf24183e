import type { OutgoingHttpHeader, ServerResponse } from 'node:http';

/** The fields that `writeHead` was given, an object or a list of names and values; Node lets them win over what was set. */
export type GivenFields = object;

export const NOTHING_GIVEN: GivenFields = Object.freeze({});

/** Puts a copy of the fields into the arguments of `writeHead`: the handler may use its object again, for another response. */
export function copyGiven(args: unknown[]): GivenFields {
  const at = placeOfFields(args);
  const given = args[at];
  if (typeof given !== 'object' || given === null) return NOTHING_GIVEN;
  const copy = Array.isArray(given) ? [...given] : { ...given };
  args[at] = copy;
  return copy;
}

/** Which of the arguments of `writeHead` has the fields, as Node reads them. */
function placeOfFields(args: readonly unknown[]): 1 | 2 {
  return typeof args[1] === 'string' || (args[2] !== undefined && args[2] !== null) ? 2 : 1;
}

/** Takes a field away, by its name in lower case. */
export function removeGiven(given: GivenFields, lower: string): void {
  if (Array.isArray(given)) {
    const at = given.findIndex((own, place) => place % 2 === 0 && String(own).toLowerCase() === lower);
    if (at >= 0) given.splice(at, 2);
    return;
  }
  for (const own of Object.keys(given)) if (own.toLowerCase() === lower) Reflect.deleteProperty(given, own);
}

/** What was given for a field, by its name in lower case. */
export function givenValue(given: GivenFields, lower: string): OutgoingHttpHeader | undefined {
  for (const [at, key] of Object.keys(given).entries()) {
    if (!Array.isArray(given)) {
      if (key.toLowerCase() === lower) return Reflect.get(given, key);
    } else if (at % 2 === 0 && String(given[at]).toLowerCase() === lower) return given[at + 1];
  }
  return undefined;
}

/** Sets what was given, for a head without a body, which is written of what is set alone. */
export function setGiven(res: ServerResponse, given: GivenFields): void {
  const fields = Array.isArray(given) ? given : Object.entries(given).flat(1);
  for (let at = 0; at < fields.length; at += 2) res.setHeader(fields[at], fields[at + 1]);
}
