/** Tells a person how far a run is. */
export interface Progress {
  /** What is being done now; replaces what was said before on a terminal, and is not said elsewhere. */
  step(what: string, done: number, of: number): void;
  /** Something to keep. */
  line(text: string): void;
}

const WIDTH = 24;

/** Writes progress to the standard error, so that the standard output is the table and nothing else. */
export function makeProgress(stream: NodeJS.WriteStream): Progress {
  const clear = stream.isTTY ? '\r\x1b[2K' : '';
  return {
    step(what, done, of) {
      if (!stream.isTTY) return;
      const filled = Math.round((done / of) * WIDTH);
      stream.write(`${clear}[${'='.repeat(filled)}${' '.repeat(WIDTH - filled)}] ${what}`.slice(0, stream.columns));
    },
    line: (text) => void stream.write(`${clear}${text}\n`),
  };
}
