/** What would break a line of a log, or turn round how it reads: control characters, line and paragraph separators, half pairs. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu;

/** A text with what cannot be shown in one line written as JSON would escape it. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (letter) => {
    const escaped = JSON.stringify(letter).slice(1, -1);
    return escaped === letter ? `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}` : escaped;
  });
}
