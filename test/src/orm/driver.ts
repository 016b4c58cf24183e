/** What the views of the scenarios show, read as one ORM or driver reads it. */
export interface Reads {
  user(id: number): Promise<unknown>;
  users(): Promise<unknown>;
  /** All posts with their authors, in one statement or several. */
  posts(): Promise<unknown>;
  postCount(): Promise<unknown>;
  comments(): Promise<unknown>;
  profiles(): Promise<unknown>;
  /** The tags of one post, through the table between them. */
  tagsOf(post: number): Promise<unknown>;
}

/**
 * How one ORM or driver writes. `on` is the transaction, where one is open; what a driver has no way for is left out, and said
 * so in {@link ScenarioDriver.lacks}.
 */
export interface Writes<Tx> {
  /** A new row, whose key the database makes. */
  insertUser(name: string, on?: Tx): Promise<unknown>;
  /** Several of them, in one statement. */
  insertUsers?(names: readonly string[], on?: Tx): Promise<unknown>;
  /** A new row with a key of its own. */
  insertUserAs(id: number, name: string, on?: Tx): Promise<unknown>;
  insertPost(title: string, user: number, on?: Tx): Promise<unknown>;
  /** By primary key. */
  renameUser(id: number, name: string, on?: Tx): Promise<unknown>;
  /** By another column: nobody knows which rows. */
  renameUsersWith(email: string, name: string, on?: Tx): Promise<unknown>;
  /** By primary key or another column. */
  renameUserOr?(id: number, email: string, name: string, on?: Tx): Promise<unknown>;
  /** An entity that was loaded, changed by nothing. */
  saveUnchanged?(id: number, on?: Tx): Promise<unknown>;
  deleteUser(id: number, on?: Tx): Promise<unknown>;
  /** `views = views + 1`. */
  increment(post: number, on?: Tx): Promise<unknown>;
  /** Inserts, or updates the row that is there. */
  upsertUser?(id: number, name: string, on?: Tx): Promise<unknown>;
  tag(post: number, tag: number, on?: Tx): Promise<unknown>;
  /** Any statement, with its parameters as the driver spells them. */
  raw(sql: string, parameters?: readonly unknown[], on?: Tx): Promise<unknown>;
}

/** One ORM or driver, watched for one cache. */
export interface ScenarioDriver<Tx = unknown> {
  readonly reads: Reads;
  readonly writes: Writes<Tx>;
  /** Commits when `work` resolves, rolls back when it rejects. */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** The same within one: a savepoint. */
  nested<T>(tx: Tx, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** What `afterCommit` is handed for a transaction. */
  scopeOf(tx: Tx): object;
  /** Scenarios that it has no path for, each with the reason. */
  readonly lacks: Readonly<Record<string, string>>;
  /** Ends the watch and closes what it opened. */
  close(): Promise<void>;
}
