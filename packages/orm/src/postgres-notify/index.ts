export type { DeliveryCounts } from '../writes/delivery.js';
export { installPostgresNotify, type NotifyInstallation } from './install-notify.js';
export { PostgresNotifyError } from './notify-error.js';
export type { InstallNotifyOptions } from './notify-options.js';
export type { NotifyPool } from './notify-types.js';
export { type RemoveNotifyOptions, removePostgresNotify } from './remove-notify.js';
export {
  type NotifyCounts,
  type NotifyWatch,
  type WatchNotifyOptions,
  watchPostgresNotify,
} from './watch-postgres-notify.js';
