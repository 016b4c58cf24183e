/** What is used of a client of `pg`. */
export interface NotifyClient {
  connect(): Promise<unknown>;
  query(sql: string, values?: readonly unknown[]): Promise<{ readonly rows: readonly object[] }>;
  end(): Promise<void>;
  on(
    event: 'notification',
    listener: (message: { readonly channel: string; readonly payload?: string }) => void,
  ): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  /** Lets the process end while the connection is open. */
  unref?(): void;
}

/** A `pg.Pool`: its settings are used, and none of its connections. It may be one that connects nowhere else. */
export interface NotifyPool {
  readonly options: object;
  readonly totalCount: number;
}
