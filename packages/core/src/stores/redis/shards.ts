/** Which slots a primary of a cluster has. */
export interface Shard {
  readonly from: number;
  readonly to: number;
  readonly host: string;
  readonly port: number;
  /** `host:port`, as the node tells it. */
  readonly address: string;
}

/** Reads the answer to `CLUSTER SLOTS`; `undefined` where it is none, or names nobody. */
export function shardsOf(reply: unknown): readonly Shard[] | undefined {
  if (!Array.isArray(reply)) return undefined;
  const shards = reply.flatMap((entry: unknown): Shard[] => {
    const [from, to, primary] = Array.isArray(entry) ? entry : [];
    if (!Number.isInteger(from) || !Number.isInteger(to) || !Array.isArray(primary)) return [];
    const [host, port] = [String(primary[0] ?? ''), Number(primary[1])];
    return host === '' || !Number.isInteger(port) ? [] : [{ from, to, host, port, address: `${host}:${port}` }];
  });
  return shards.length > 0 ? shards : undefined;
}
