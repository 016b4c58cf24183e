/** Where Knex says how to write a client of one's own; the file has no types. */
declare module 'knex/lib/dialects/sqlite3/index.js' {
  export default class Client {
    constructor(config: object);
    _driver(): object;
    acquireRawConnection(): Promise<unknown>;
    destroyRawConnection(connection: unknown): Promise<void>;
    _query(connection: unknown, query: object): Promise<object>;
  }
}
