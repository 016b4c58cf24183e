import type { EvictionPolicy, PolicyLimits } from '../../../packages/core/dist/ports/eviction-policy.js';
import type { Trace } from './trace.js';

const { floor, imul } = Math;
const NONE = 0xffffffff;
const FIRST_SLOTS = 64;

/** What became of the requests of a trace. */
export interface Replayed {
  readonly hits: number;
  readonly misses: number;
  /** Hits of each hundredth of the trace, in order. */
  readonly hitsByPart: Uint32Array;
}

const PARTS = 100;

/**
 * Replays a trace against a store of these limits that holds no values: everything missed is stored.
 */
export function replay(create: (limits: PolicyLimits) => EvictionPolicy, trace: Trace, limits: PolicyLimits): Replayed {
  const { ids, sizes } = trace;
  const policy = create(limits);
  const slotOf = new Uint32Array(trace.unique).fill(NONE);
  const most = Math.min(limits.maxEntries, trace.unique);
  const idOf = new Uint32Array(most);
  const weights = new Float64Array(most);
  const free: number[] = [];
  const hitsByPart = new Uint32Array(PARTS);
  let room = 0;
  let used = 0;
  let held = 0;
  let bytes = 0;
  let hits = 0;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] as number;
    const known = slotOf[id] as number;
    if (known !== NONE) {
      policy.hit(known);
      hits++;
      const part = floor((i * PARTS) / ids.length);
      hitsByPart[part] = (hitsByPart[part] as number) + 1;
      continue;
    }
    const weight = sizes === undefined ? 1 : (sizes[i] as number);
    if (weight > limits.maxBytes) continue;
    const hash = hashId(id);
    while (held >= limits.maxEntries || bytes + weight > limits.maxBytes) {
      const victim = policy.victim(weight, hash);
      policy.remove(victim);
      slotOf[idOf[victim] as number] = NONE;
      bytes -= weights[victim] as number;
      held--;
      free.push(victim);
    }
    const slot = free.pop() ?? used++;
    if (slot >= room) {
      room = Math.min(Math.max(FIRST_SLOTS, 2 * room), most);
      policy.grow(room);
    }
    slotOf[id] = slot;
    idOf[slot] = id;
    weights[slot] = weight;
    bytes += weight;
    held++;
    policy.insert(slot, hash, weight);
  }
  return { hits, misses: ids.length - hits, hitsByPart };
}

/** 32 bits of a number, each by all of it, and no two numbers the same. */
function hashId(id: number): number {
  let hash = imul(id ^ (id >>> 16), 0x85ebca6b);
  hash = imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
