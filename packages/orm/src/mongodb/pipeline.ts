import { isDocument } from './mongodb-types.js';

/** A collection of some database of the server. */
export interface CollectionName {
  readonly db: string;
  readonly collection: string;
}

/** What a pipeline touches beside the collection that it runs on. */
export interface PipelineTables {
  readonly reads: readonly CollectionName[];
  /** `$out` replaces all of a collection, `$merge` changes any of it. */
  readonly writes: readonly (CollectionName & { readonly replaces: boolean })[];
  /** What comes of it is no content of a collection: `$changeStream`, `$currentOp`. */
  readonly isForeign: boolean;
}

/** Stages of which the whole pipeline reads something else, where they come first. */
const FOREIGN = new Set(['$changeStream', '$currentOp', '$listSessions', '$listLocalSessions', '$documents']);

/**
 * Finds the collections of a pipeline, however deep they stand: in the pipelines of `$lookup`, `$unionWith` and `$facet`, and of
 * stages that are made one day.
 */
export function pipelineTables(pipeline: unknown, db: string): PipelineTables {
  const reads: CollectionName[] = [];
  const writes: (CollectionName & { readonly replaces: boolean })[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const each of value) visit(each);
    else if (isDocument(value))
      for (const [key, inner] of Object.entries(value)) {
        const target = targetOf(key, inner);
        const name = target === undefined ? undefined : nameOf(target, db);
        if (name !== undefined && (key === '$out' || key === '$merge'))
          writes.push({ ...name, replaces: key === '$out' });
        else if (name !== undefined) reads.push(name);
        visit(inner);
      }
  };
  visit(pipeline);
  const [first] = Array.isArray(pipeline) ? pipeline : [];
  const isForeign = isDocument(first) && Object.keys(first).some((stage) => FOREIGN.has(stage));
  return { reads, writes, isForeign };
}

/** What stands for a collection in a stage; `undefined` where none does. */
function targetOf(stage: string, given: unknown): unknown {
  switch (stage) {
    case '$lookup':
    case '$graphLookup':
      return isDocument(given) ? given['from'] : undefined;
    case '$merge':
      return isDocument(given) && given['into'] !== undefined ? given['into'] : given;
    case '$unionWith':
    case '$out':
      return given;
    default:
      return undefined;
  }
}

function nameOf(target: unknown, db: string): CollectionName | undefined {
  if (typeof target === 'string') return { db, collection: target };
  if (!isDocument(target) || typeof target['coll'] !== 'string') return undefined;
  return { db: typeof target['db'] === 'string' ? target['db'] : db, collection: target['coll'] };
}
