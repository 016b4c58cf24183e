export { afterCommit } from './source/after-commit.js';
export type { Dialect, Footprint, TableName, WrittenTable } from './statements/footprint-types.js';
