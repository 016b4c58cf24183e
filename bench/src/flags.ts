import { parseArgs } from 'node:util';
import { isSuite, SUITES, type Suite } from './scenarios.js';

/** How a run was asked for. */
export interface Flags {
  suite: Suite;
  rounds: number;
  /** The length of one measured window. */
  seconds: number;
  warmUpSeconds: number;
  /** The Node.js binaries the servers run on, one after the other. */
  nodes: string[];
  /** Keeps the rows whose name has one of these words in it, and what they are compared with. */
  only: string[];
  /** Where the table goes; nowhere but the screen if absent. */
  out?: string;
  quick: boolean;
}

export const USAGE = `npm run bench -- [shared|nest|orm] [options]

  shared             hits with Redis, which the bench starts itself, instead of hits and misses in one process
  nest               hits of NestJS apps on Express and on Fastify
  orm                what a query costs more where its data source is watched; has options of its own: orm --help

  --quick            2 KB only, 3 short rounds, and no file written unless --out is given
  --only WORDS       rows with one of these words in their name: --only miss,raw
  --node BINARY      the Node.js that runs the servers; repeat it to compare versions
  --rounds N         measured windows per row (7)
  --seconds N        length of a window in whole seconds (1)
  --out FILE         the Markdown table (bench/results/http.md, shared.md or nest.md)
`;

/**
 * Reads the command line.
 *
 * @returns `undefined` when the usage was asked for
 */
export function readFlags(args: string[], defaultOut: (suite: Suite) => string): Flags | undefined {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      node: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const { quick } = values;
  const suite = readSuite(positionals);
  const out = values.out ?? (quick ? undefined : defaultOut(suite));
  return {
    suite,
    rounds: wholeNumber('rounds', values.rounds, quick ? 3 : 7),
    seconds: wholeNumber('seconds', values.seconds, 1),
    warmUpSeconds: quick ? 1 : 2,
    nodes: values.node.length > 0 ? values.node : [process.execPath],
    only: values.only.flatMap((words) => words.split(',')),
    ...(out !== undefined && { out }),
    quick,
  };
}

function readSuite(positionals: readonly string[]): Suite {
  const [suite = 'http', ...rest] = positionals;
  if (!isSuite(suite) || rest.length > 0) {
    throw new Error(`The one argument may be ${SUITES.join(', ')}, not ${positionals.join(' ')}`);
  }
  return suite;
}

function wholeNumber(flag: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 60) {
    throw new Error(`--${flag} must be a whole number from 1 to 60, not ${text}`);
  }
  return number;
}
