import { textOf } from '../base/answer.js';
import type { HeldValue } from '../ports/stored-response.js';
import type { Copying } from './copying.js';
import { copyGraph, freezeDeep, takeGraph } from './deep-copy.js';
import { ownText } from './own-text.js';
import { type Survey, survey } from './survey.js';
import { copyTree, copyTreeSlowly, type TakenTree, takeTree } from './tree-copy.js';

/** A value as it is kept; or what in it cannot be. */
export type Kept =
  | { readonly kind: 'held'; readonly held: HeldValue }
  | { readonly kind: 'unstorable'; readonly what: string };

/** What there is to know of a value before it is copied. */
type Found = Pick<Survey, 'isTree' | 'isFreezable' | 'problem'>;

/** A value with what was found in it, so that nobody has to look again. */
class Held implements HeldValue {
  isFrozen = false;
  constructor(
    readonly value: unknown,
    readonly bytes: number,
    public found: Found | undefined,
    /** Its user wanted no copies, and may have none. */
    readonly isByReference = false,
  ) {}
}

/** Nobody has looked whether such a tree can be frozen: its copy is. */
const TREE: Found = { isTree: true, isFreezable: false, problem: undefined };

/**
 * Takes a value in: a copy of it, or itself where nobody can or will change it.
 *
 * Frozen, a value with parts that cannot be (a Date, a Map, bytes) is kept as a copy, and its users get copies, frozen but for these.
 */
export function hold(value: unknown, copying: Copying): Kept {
  try {
    return take(value, copying);
  } catch (error) {
    // Nobody's call fails for what cannot be kept of its answer.
    return { kind: 'unstorable', what: `value cannot be copied: ${textOf(error)}` };
  }
}

function take(value: unknown, copying: Copying): Kept {
  if (copying === 'structured' && typeof value === 'object' && value !== null) {
    const taken = takeTreeOf(value);
    if (taken !== undefined) return { kind: 'held', held: new Held(taken.copy, taken.bytes, TREE) };
  }
  const found = survey(value, copying);
  if (found.problem !== undefined) return { kind: 'unstorable', what: found.problem };
  // Nobody has looked for what cannot be copied.
  if (copying === false) return { kind: 'held', held: new Held(value, found.bytes, undefined, true) };
  if (typeof value === 'string') return held(ownText(value), found);
  if (typeof value !== 'object' || value === null) return held(value, found);
  if (copying === 'freeze' && found.isFreezable) {
    freezeDeep(value);
    const kept = held(value, found);
    kept.held.isFrozen = true;
    return kept;
  }
  return held(taken(value, found), found);
}

/** Trees that come here have no prototype, such as groups of a match, or more items than are looked at at first. */
function taken(value: object, found: Found): object {
  try {
    return takeGraph(value);
  } catch {
    // Too little of the stack is left; what cannot be copied throws again.
    return copied(value, found);
  }
}

function takeTreeOf(value: object): TakenTree | undefined {
  try {
    return takeTree(value);
  } catch {
    // A getter threw, or the caller has left too little of the stack: the survey finds out which, and says so.
    return undefined;
  }
}

/** Takes in a value that nobody else has: it was made of its bytes. */
export function adopt(value: unknown): HeldValue {
  // Its copy is thrown away, and is still faster than the survey.
  const taken = typeof value === 'object' && value !== null ? takeTreeOf(value) : undefined;
  if (taken !== undefined) return new Held(value, taken.bytes, TREE);
  const found = survey(value, 'structured');
  return new Held(value, found.bytes, found);
}

/**
 * What a caller is handed of a value that is kept.
 *
 * @throws what keeps it from being copied: a `decode` that fails, or too little left of the stack. What is kept is handed to
 * nobody instead, who would change it for all.
 */
export function copyOf(held: HeldValue, copying: Copying): unknown {
  const { value } = held;
  if (typeof value !== 'object' || value === null || copying === false) return value;
  const found = foundIn(held);
  // Taken in by reference, for a caller who wanted no copy: there is none for others either.
  if (found.problem !== undefined) {
    if (held instanceof Held && held.isByReference) return value;
    throw new TypeError(found.problem);
  }
  return copying === 'freeze' ? frozen(held, value, found) : copied(value, found);
}

function foundIn(held: HeldValue): Found {
  if (!(held instanceof Held)) return survey(held.value, 'structured');
  held.found ??= survey(held.value, 'structured');
  return held.found;
}

function held(value: unknown, found: Survey): { readonly kind: 'held'; readonly held: Held } {
  return { kind: 'held', held: new Held(value, found.bytes, found) };
}

function copied(value: object, { isTree }: Found): object {
  if (!isTree) return copyGraph(value);
  try {
    return copyTree(value);
  } catch {
    // Who is deep in a recursion has little left of the stack, and may have enough for a loop.
    return copyTreeSlowly(value);
  }
}

function frozen(held: HeldValue, value: object, found: Found): object {
  if (held instanceof Held && held.isFrozen) return value;
  const { isFreezable } = found;
  const shared = isFreezable ? value : copied(value, found);
  freezeDeep(shared);
  if (isFreezable && held instanceof Held) held.isFrozen = true;
  return shared;
}
