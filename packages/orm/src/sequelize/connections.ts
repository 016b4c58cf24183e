import { attachToConnection as attachToMysql } from '../mysql2/attachments.js';
import { attachToClient as attachToPg } from '../pg/attachments.js';
import { attachToMariadb } from './mariadb.js';
import type { SequelizeParty } from './party.js';
import { attachToSqlite } from './sqlite.js';

/** Watches a connection of a driver, by the name that Sequelize has for its databases. */
export const ATTACH: Readonly<Record<string, (connection: never, party: SequelizeParty) => () => void>> = {
  postgres: attachToPg,
  mysql: attachToMysql,
  mariadb: attachToMariadb,
  sqlite: attachToSqlite,
};
