import type { TableName } from '../statements/footprint-types.js';
import type { SearchPath } from './places.js';
import type { SCOPINGS } from './spelling.js';

/** What is known of a data source beside its tables. */
export interface MapSettings {
  /** In front of all tags: where tables of one name in several databases are watched for one cache. */
  readonly namespace?: string | undefined;
  /** What the data source speaks. @defaultValue `postgres` */
  readonly speaks?: keyof typeof SCOPINGS | undefined;
  /** Schemas in which names without one are looked up. @defaultValue nobody knows */
  readonly path?: SearchPath | undefined;
  /** The primary key of tables of which nobody has told one. @defaultValue none */
  readonly pk?: readonly string[] | undefined;
  /** Letter case does not matter in names: MySQL's `lower_case_table_names`. */
  readonly isCaseless?: boolean | undefined;
  /** Told of each name in a statement that nobody has described. */
  readonly onStranger?: ((name: TableName) => void) | undefined;
}
