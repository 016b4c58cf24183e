/** A `Sequelize` of version 6, of this copy or another, as far as a watch needs it: also one of `sequelize-typescript`. */
export interface SequelizeLike {
  getDialect(): string;
  readonly models: Readonly<Record<string, unknown>>;
  // biome-ignore lint/suspicious/noExplicitAny: overloads by name of the hook
  addHook(...given: any[]): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  removeHook(...given: any[]): unknown;
}

/** The same with what a watch reaches into. */
export interface SequelizeInside extends SequelizeLike {
  readonly models: Readonly<Record<string, ModelLike>>;
  readonly config?: { readonly database?: string; readonly native?: unknown };
  readonly connectionManager: object;
  query(sql: string, options: object): Promise<readonly object[]>;
}

/** A model's table, as `getTableName()` tells it. */
export type TableNameLike = string | { readonly tableName: string; readonly schema?: string };

export interface ModelLike {
  getTableName(): TableNameLike;
  /** By name of the attribute. */
  readonly primaryKeys: Readonly<Record<string, AttributeLike>>;
  readonly rawAttributes: Readonly<Record<string, AttributeLike>>;
}

export interface AttributeLike {
  /** The column. */
  readonly field?: string;
  readonly type?: unknown;
  readonly autoIncrement?: boolean;
  readonly references?: string | { readonly model?: TableNameLike | ModelLike; readonly key?: string };
  readonly onDelete?: string;
  readonly onUpdate?: string;
}
