const WIDTH = 30;

/**
 * A progress bar that redraws its line on a terminal; in a pipe or a log it writes only its last state.
 *
 * @example
 * ```ts
 * const draw = progressBar('Loading');
 * draw(500, 1000); // Loading ███████████████░░░░░░░░░░░░░░░  50 %
 * ```
 */
export function progressBar(label: string): (done: number, total: number) => void {
  let drawn = -1;
  return (done, total) => {
    const percent = Math.floor((100 * done) / total);
    if (percent === drawn || (!process.stdout.isTTY && done < total)) return;
    drawn = percent;
    const filled = Math.round((WIDTH * done) / total);
    const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
    const home = process.stdout.isTTY ? '\r' : '';
    process.stdout.write(`${home}  ${label} ${bar} ${String(percent).padStart(3)} %`);
  };
}
