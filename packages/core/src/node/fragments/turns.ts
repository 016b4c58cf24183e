import type { ViewContext } from '../../engine/view-context.js';
import { currentView } from '../../engine/view-storage.js';
import { beginWait, isAwaitedBy } from '../../engine/waits.js';

/** The items of lists that wait for their turns, by their keys. */
export type WaitingTurns = Map<string, Turn>;

/**
 * Has the items of one list begin one after another: each when all before it have ended, whatever has become of them.
 *
 * An item may show one that stands further down in its list, or that waits for its turn in another one. Each would wait for the
 * other then: so that one begins at once, as if it were rendered within the first, which it is.
 */
export class Turns {
  #ended: Promise<unknown> = Promise.resolve();
  /** What is being made of the item that has the turn. */
  #holder: ViewContext | undefined;

  /**
   * @param waiting - where it is known while it waits, under the key of what is being made; absent for what has none
   * @returns what it comes to
   */
  run<T>(render: () => T | Promise<T>, waiting?: WaitingTurns): Promise<T> {
    const context = waiting === undefined ? undefined : currentView();
    const turn = waiting === undefined || context === undefined ? undefined : this.#wait(context, waiting);
    const begins = turn === undefined ? this.#ended : Promise.race([this.#ended, turn.called]);
    const done = begins.then(() => {
      if (turn?.isCalled !== true) this.#holder = context;
      turn?.end();
      return render();
    });
    const ended = done.then(nothing, nothing);
    if (turn !== undefined) turn.ended = ended;
    this.#ended = Promise.all([this.#ended, ended]).then(nothing);
    return done;
  }

  /** Has an item of another list have a turn in this one, which shows it within that. */
  give(turn: Turn): void {
    turn.moveBehind(() => this.#holder);
    this.#ended = this.#ended.then(() => {
      this.#holder = turn.context;
      turn.begin();
      return turn.ended;
    });
  }

  #wait(context: ViewContext, waiting: WaitingTurns): Turn {
    const turn = new Turn(context, () => this.#holder, waiting);
    // Asked for while a store was, and nobody knew where it would be made.
    if (turn.isHeldUpBy(context)) turn.begin();
    return turn;
  }
}

/** One item that waits for its turn. */
export class Turn {
  isCalled = false;
  readonly called: Promise<void>;
  /** When it has been rendered, or could not be. */
  ended: Promise<void> = Promise.resolve();
  readonly context: ViewContext;
  #holder: () => ViewContext | undefined;
  #call: () => void = nothing;
  readonly #endWait: () => void;
  readonly #waiting: WaitingTurns;

  constructor(context: ViewContext, holder: () => ViewContext | undefined, waiting: WaitingTurns) {
    this.context = context;
    this.#holder = holder;
    this.#waiting = waiting;
    this.called = new Promise((resolve) => {
      this.#call = resolve;
    });
    const holderNow = (): ViewContext | undefined => this.#holder();
    this.#endWait = beginWait(context, {
      get maker() {
        return holderNow();
      },
    });
    if (context.making !== undefined) waiting.set(context.making, this);
  }

  /** Whether what has the turn is what asks for it, or waits for that. */
  isHeldUpBy(asker: ViewContext | undefined): boolean {
    return asker !== undefined && isAwaitedBy(asker, this.#holder());
  }

  /** It waits for what has the turn in another list. */
  moveBehind(holder: () => ViewContext | undefined): void {
    this.#holder = holder;
  }

  /** Has it begin out of turn. */
  begin(): void {
    this.isCalled = true;
    this.#call();
    this.end();
  }

  /** It waits no more. */
  end(): void {
    this.#endWait();
    const { making = '' } = this.context;
    if (this.#waiting.get(making) === this) this.#waiting.delete(making);
  }
}

function nothing(): void {}
