/** What a worker tells the primary process, and the primary its workers: one object a message, told apart by this key. */
export const MARK = 'viewcache';

/** One message between processes of a `node:cluster`. */
export type IpcMessage =
  /** Of a worker: all others are to hear of it. Of the primary: another worker has said so. */
  | {
      readonly [MARK]: 'invalidated';
      readonly namespace: string;
      readonly tags: readonly string[];
      readonly mode: 'soft' | 'hard';
      readonly id: number;
    }
  /** Of a worker: how far has it heard? */
  | { readonly [MARK]: 'probe'; readonly namespace: string; readonly id: number }
  /** Of the primary: the message with this number is done, and all before it was told. */
  | { readonly [MARK]: 'done'; readonly namespace: string; readonly id: number };

/** A message of ours; `undefined` for whatever else processes say to each other. */
export function readMessage(message: unknown): IpcMessage | undefined {
  if (typeof message !== 'object' || message === null || !(MARK in message)) return undefined;
  const { namespace, id, tags, mode, [MARK]: kind } = message as Record<string, unknown>;
  if (typeof namespace !== 'string' || typeof id !== 'number') return undefined;
  if (kind === 'probe' || kind === 'done') return { [MARK]: kind, namespace, id };
  if (kind !== 'invalidated' || !Array.isArray(tags) || (mode !== 'soft' && mode !== 'hard')) return undefined;
  if (!tags.every((tag) => typeof tag === 'string')) return undefined;
  return { [MARK]: kind, namespace, id, tags: tags as string[], mode };
}
