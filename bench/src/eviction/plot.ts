/** A line of a plot: points from left to right. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** What a plot shows. */
export interface Plot {
  readonly title: string;
  readonly xTitle: string;
  readonly lines: readonly Line[];
  /** Where something happened, and what. */
  readonly marks?: readonly { readonly x: number; readonly text: string }[];
  /** The x axis in equal factors instead of equal steps. */
  readonly isLogarithmic?: boolean;
}

const WIDTH = 760;
const HEIGHT = 420;
const LEFT = 56;
const RIGHT = 150;
const TOP = 44;
const BOTTOM = 52;
/** Told apart also by who sees few colours, and by their dashes. */
const STYLES = [
  ['#000000', ''],
  ['#0072b2', ''],
  ['#d55e00', ''],
  ['#009e73', ''],
  ['#cc79a7', '6 3'],
  ['#56b4e9', '6 3'],
  ['#e69f00', '2 3'],
] as const;

/** A plot of percentages as an SVG that needs nothing else, and reads on a light and on a dark page. */
export function svg({ title, xTitle, lines, marks = [], isLogarithmic = false }: Plot): string {
  const all = lines.flatMap(({ points }) => points);
  const scale = isLogarithmic ? Math.log : (x: number) => x;
  const [first, last] = [Math.min(...all.map(([x]) => x)), Math.max(...all.map(([x]) => x))];
  const most = Math.max(10, Math.ceil(Math.max(...all.map(([, y]) => y)) / 10) * 10);
  const xAt = (x: number): number =>
    LEFT + ((scale(x) - scale(first)) / (scale(last) - scale(first) || 1)) * (WIDTH - LEFT - RIGHT);
  const yAt = (y: number): number => HEIGHT - BOTTOM - (y / most) * (HEIGHT - TOP - BOTTOM);
  const parts = [
    text(WIDTH / 2, 24, title, 'middle', 15),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, xTitle, 'middle'),
  ];
  for (let y = 0; y <= most; y += 10) {
    parts.push(
      `<path d="M${LEFT} ${yAt(y)}H${WIDTH - RIGHT}" stroke="#ddd"/>`,
      text(LEFT - 8, yAt(y) + 4, `${y} %`, 'end'),
    );
  }
  for (const x of ticks(lines[0]?.points.map(([each]) => each) ?? [], isLogarithmic)) {
    parts.push(text(xAt(x), HEIGHT - BOTTOM + 18, x.toLocaleString('en'), 'middle'));
  }
  marks.forEach(({ x, text: said }, i) => {
    parts.push(`<path d="M${xAt(x)} ${TOP}V${HEIGHT - BOTTOM}" stroke="#888" stroke-dasharray="2 2"/>`);
    parts.push(text(xAt(x) + 3, TOP + 10 + 12 * (i % 3), said, 'start', 11));
  });
  lines.forEach(({ name, points }, i) => {
    const [colour, dashes] = STYLES[i % STYLES.length] as (typeof STYLES)[number];
    const path = points.map(([x, y], j) => `${j === 0 ? 'M' : 'L'}${xAt(x).toFixed(1)} ${yAt(y).toFixed(1)}`).join('');
    const stroke = `stroke="${colour}" stroke-width="${i === 0 ? 2.5 : 1.5}" stroke-dasharray="${dashes}" fill="none"`;
    const y = TOP + 10 + 20 * i;
    parts.push(`<path d="${path}" ${stroke}/>`, `<path d="M${WIDTH - RIGHT + 12} ${y}h26" ${stroke}/>`);
    parts.push(text(WIDTH - RIGHT + 44, y + 4, name, 'start'));
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif">
<title>${title}</title>
<rect width="100%" height="100%" fill="#fff"/>
${parts.join('\n')}
</svg>
`;
}

function ticks(xs: readonly number[], isEach: boolean): readonly number[] {
  if (isEach) return xs.filter((_, i) => xs.length < 10 || i % 2 === 0);
  return [0, 0.25, 0.5, 0.75, 1].map((part) => Math.round((xs.at(-1) ?? 0) * part));
}

function text(x: number, y: number, said: string, anchor: string, size = 12): string {
  const escaped = said.replace(/&/g, '&amp;').replace(/</g, '&lt;');
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-size="${size}" text-anchor="${anchor}" fill="#222">${escaped}</text>`;
}
