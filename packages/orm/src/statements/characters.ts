const NAME = 1;
const DIGIT = 2;
/** Characters of which operators are made. */
export const SIGN = 3;

const CLASSES = new Uint8Array(128);
for (let code = 0x41; code <= 0x5a; code++) CLASSES[code] = CLASSES[code + 0x20] = NAME;
CLASSES[0x5f] = NAME;
for (let code = 0x30; code <= 0x39; code++) CLASSES[code] = DIGIT;
for (const sign of '+-*/<>=~!@#%^&|?`') CLASSES[sign.charCodeAt(0)] = SIGN;

/** What a character of ASCII is good for; 0 for all others. */
export function classOf(code: number): number {
  return code < 128 ? (CLASSES[code] ?? 0) : 0;
}

/** Whether a name that is not quoted may begin with it. */
export function isNameStart(code: number): boolean {
  return code >= 128 || CLASSES[code] === NAME;
}

/** `0` to `9`. */
export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Whether it is blank in every dialect. A NUL is not: texts end at one in some places. */
export function isBlank(code: number): boolean {
  return code <= 0x20 && code > 0;
}

/** Where the name ends that goes on here. */
export function nameEnd(sql: string, from: number): number {
  let at = from;
  for (; at < sql.length; at++) {
    const code = sql.charCodeAt(at);
    if (code >= 128) continue;
    const kind = CLASSES[code];
    if (kind !== NAME && kind !== DIGIT && code !== 0x24 /* $ */) break;
  }

  return at;
}

/** Whether a name has no letters that databases lower, and none beyond ASCII. */
export function isFolded(sql: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const code = sql.charCodeAt(at);
    if (code >= 128 || (code >= 0x41 && code <= 0x5a)) return false;
  }
  return true;
}
