import { TableMap } from '../../../packages/orm/dist/tables/table-map.js';
import { WriteBatch } from '../../../packages/orm/dist/writes/batch.js';
import { Delivery } from '../../../packages/orm/dist/writes/delivery.js';
import { Frames } from '../../../packages/orm/dist/writes/frames.js';

/** Watches that are known to be wrong, each in a way of its own: what they answer is no longer so. */
const BREAK = {
  /** What is read between the write and the COMMIT stays. */
  'before the commit'() {
    Frames.prototype.isOpen = () => false;
  },
  'half of the tags'() {
    const { tags } = WriteBatch.prototype;
    WriteBatch.prototype.tags = function () {
      return tags.call(this).filter((_, i) => i % 2 === 0);
    };
  },
  'no cascades'() {
    TableMap.prototype.changedWith = () => [];
  },
  /** With what was written before the savepoint. */
  'a savepoint takes all back'() {
    Frames.prototype.rollbackTo = function (scope) {
      const openedAt = this.openedAt(scope) ?? 0;
      this.rollback(scope);
      this.begin(scope, openedAt);
    };
  },
  /** Whoever has written goes on before anybody hears of it. */
  'nobody waits for it'() {
    const { deliver } = Delivery.prototype;
    Delivery.prototype.deliver = function (writes) {
      setTimeout(() => void deliver.call(this, writes), 20);
      return undefined;
    };
  },
};

export type Double = keyof typeof BREAK;
export const DOUBLES = Object.keys(BREAK) as readonly Double[];

/** Makes the watches of this process wrong. */
export function breakAdapters(name: string): void {
  BREAK[name as Double]();
}
