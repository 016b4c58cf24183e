/** A promise that the test keeps, or breaks, by hand. */
export interface Gate<T = void> {
  readonly passed: Promise<T>;
  open(value: T): void;
}

/** Something to wait for that the test lets happen: events in place of sleeps. */
export function gate<T = void>(): Gate<T> {
  let open: (value: T) => void = () => {};
  const passed = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

/** A gate that opens when it has been counted down: when so many requests have come. */
export function countdown(count: number): { readonly passed: Promise<void>; count(): void } {
  const { passed, open } = gate();
  let left = count;
  return {
    passed,
    count() {
      left--;
      if (left === 0) open();
    },
  };
}
