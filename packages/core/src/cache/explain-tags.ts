import { spelledKey } from '../base/spelled-key.js';
import type { LocalItem } from '../engine/local-item.js';
import { declaredOf, groupOf } from '../invalidation/tags.js';
import type { ExplainedReason, ExplainedTags } from './explanation.js';

/** Tags as they were declared or read, and why they are there, as far as this process knows. */
export function explainTags(item: LocalItem, names: readonly string[]): ExplainedTags {
  const tags = declaredOf(names);
  const reasons = tags.map((tag) => [tag, reasonsOf(tag, item)] as const);
  return { tags, reasons: Object.fromEntries(reasons), untracked: [...(item.reasons?.untracked ?? [])] };
}

function reasonsOf(tag: string, { reasons, hasParts, run, declared }: LocalItem): readonly ExplainedReason[] {
  // A group stands for the rows that were too many to be named, too.
  const found = reasons?.of((read) => read === tag || groupOf(read) === tag) ?? [];
  const parts = reasons?.partsWith(tag) ?? [];
  const known: ExplainedReason[] = [
    ...found.map((reason) => (reason === 'declared' ? DECLARED : { by: 'read' as const, ...reason })),
    ...parts.map((key) => ({ by: 'part' as const, key: spelledKey(key) })),
  ];
  // What nothing else has brought was named, unless another process has made it, or too much is in there to be remembered.
  const isDeclared =
    known.length === 0 &&
    (run > 0 || declared.includes(tag)) &&
    (hasParts ? reasons?.knowsParts === true : reasons?.isWhole !== false);
  return isDeclared ? [DECLARED] : known;
}

const DECLARED: ExplainedReason = { by: 'declared' };
