import { appendFile, readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

/** Stands for a database: a file with a line for each row that was saved, the last one of a page counts. It is slow, as they are. */
export class Database {
  constructor(readonly file: string) {}

  async viewsOf(page: string): Promise<number | undefined> {
    return (await this.rows()).get(page);
  }

  async save(rows: readonly (readonly [page: string, views: number])[]): Promise<void> {
    await wait(50);
    await appendFile(this.file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }

  async rows(): Promise<Map<string, number>> {
    const text = await readFile(this.file, 'utf8').catch(() => '');
    const lines = text.split('\n').filter((line) => line !== '');
    return new Map(lines.map((line) => JSON.parse(line) as [string, number]));
  }
}
