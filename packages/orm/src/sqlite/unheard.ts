let depth = 0;

/** Carries out what a watch asks for itself, or what is told of by whoever has called it: nobody hears of that. */
export function unheard<T>(work: () => T): T {
  depth++;
  try {
    return work();
  } finally {
    depth--;
  }
}

export function isUnheard(): boolean {
  return depth > 0;
}
