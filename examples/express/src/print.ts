// Words on a terminal: colours and columns. Nothing here is about caching.

const colourful = process.stdout.isTTY === true && !process.env['NO_COLOR'];
const paint = (code: number) => (text: string) => (colourful ? `\u001b[${code}m${text}\u001b[0m` : text);

export const bold = paint(1);
export const dim = paint(2);
export const green = paint(32);
export const yellow = paint(33);

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  readonly paint?: (text: string) => string;
}

/** Prints rows under their titles, each column as wide as its widest cell. */
export function printTable(columns: readonly Column[], rows: readonly (readonly string[])[]): void {
  const widths = columns.map(({ title }, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[], paintCell?: (text: string) => string) => {
    const parts = columns.map((column, i) => {
      const cell = cells[i] ?? '';
      const width = widths[i] ?? 0;
      // Padded before it is painted: the codes of a colour have a length but no width.
      const padded = column.align === 'right' ? cell.padStart(width) : cell.padEnd(width);
      return (paintCell ?? column.paint ?? String)(padded);
    });
    console.log(`  ${parts.join('   ')}`.trimEnd());
  };
  const titles = columns.map(({ title }) => title);
  line(titles, dim);
  for (const row of rows) line(row);
}

/** Prints the heading of a part of the demo, with the code that it is about. */
export function printHeading(text: string, code: string): void {
  console.log(`\n  ${bold(text)}  ${dim(code)}\n`);
}

/** 2138551 as `2,138,551`. */
export function count(value: number): string {
  return value.toLocaleString('en');
}

/** Milliseconds with three digits that say something: `0.31`, `8.52`, `31.4`, `152`. */
export function ms(value: number): string {
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);
}
