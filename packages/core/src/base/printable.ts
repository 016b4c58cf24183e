/** What would break a line of a log, or turn round how it reads: control characters, line and paragraph separators, half pairs. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu;

/** What is shown of a key: one may be of any length, and what stands at its end is seldom what tells it from others. */
const LONGEST_KEY = 100;

/** A key of a value as an error or a warning names it: as its caller has written it, and no longer than a line. */
export function shownKey(key: string | number): string {
  const text = printable(JSON.stringify(key));
  return text.length > LONGEST_KEY ? `${text.slice(0, LONGEST_KEY - 1)}…` : text;
}

/** A text with what cannot be shown in one line written as JSON would escape it. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (letter) => {
    const escaped = JSON.stringify(letter).slice(1, -1);
    return escaped === letter ? `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}` : escaped;
  });
}
