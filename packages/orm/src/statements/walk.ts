import { assign } from './assignments.js';
import { Block, Mode } from './block.js';
import { type Reference, referenceTo } from './drafts.js';
import type { TableName, WriteVerb } from './footprint-types.js';
import { readTable } from './from-list.js';
import { startDelete, startInsert, startMerge, startUpdate } from './heads.js';
import { KEYWORDS, keyword } from './keywords.js';
import { Scope, type ScopeKind } from './scope.js';
import { Kind, type Tokens } from './tokens.js';
import type { Walking } from './walking.js';
import { STATEMENT_WORDS } from './words.js';

/** Brackets in brackets that are followed; no person and no library writes half as many. */
const MOST_BLOCKS = 500;

/**
 * Goes through a query or a data-modifying statement once and notes which tables it names where.
 *
 * Brackets are kept on a stack of its own. Whatever stands where it is not expected makes the statement one that is not
 * understood; the walk goes on, for what else can be found.
 */
export class Walk implements Walking {
  readonly references: Reference[] = [];
  isUnderstood = true;
  /** A table is named by a parameter. */
  isOpaque = false;
  /** A statement of its body hands back what it writes. */
  returnsWritten = false;
  readonly #blocks: Block[] = [];
  #top = new Block();
  /** Of names in WITH: how many queries see one. */
  #visible: Map<string, number> | undefined;

  constructor(readonly tokens: Tokens) {}

  get block(): Block {
    return this.#top;
  }

  /** Walks from one token to another; what stands there must be a query or a statement that writes. */
  statement(from: number, to: number): void {
    this.#run(from, to, true);
  }

  /** The same for an expression: its queries stand in brackets. */
  expression(from: number, to: number): void {
    this.#run(from, to, false);
  }

  fail(): void {
    this.isUnderstood = false;
  }

  /** Notes a table that is named outside of any list of tables. */
  note(name: TableName, verb: WriteVerb | undefined): Reference {
    const reference = referenceTo(name, name.table, verb);
    this.references.push(reference);
    return reference;
  }

  isCte(name: TableName): boolean {
    return name.schema === undefined && this.#visible !== undefined && (this.#visible.get(name.table) ?? 0) > 0;
  }

  /** Begins a query in the block that is being read. */
  enter(kind: ScopeKind): Scope {
    const { block } = this;
    if (block.isInFrom && !block.ownsScope && block.scope !== undefined) block.scope.items++;
    block.scope = new Scope(kind);
    block.ownsScope = true;
    block.wantsQuery = false;
    return block.scope;
  }

  /** The query of a block ends here. */
  settle(block: Block, at: number): void {
    if (block.ownsScope) block.scope?.settle(this.tokens, at);
    if (block.mode === Mode.table) this.fail();
  }

  #run(from: number, to: number, isStatement: boolean): void {
    this.#blocks.length = 0;
    this.#visible = undefined;
    const root = this.#push();
    root.wantsQuery = isStatement;
    if (!isStatement) root.mode = Mode.expression;
    for (let at = from; at < to; ) at = this.#step(at);
    if (this.#blocks.length !== 1 || root.wantsQuery) this.fail();
    while (this.#blocks.length > 0) this.#pop(to);
  }

  /** Reads one token or more, and returns the next. */
  #step(at: number): number {
    const { tokens, block } = this;
    const kind = tokens.kind(at);
    if (kind === Kind.sign) {
      const sign = tokens.text(at);
      if (sign === '(' && block.mode === Mode.assignment) return assign(this, at);
      if (sign === '(' || sign === '[') return this.#open(at, sign);
      if (sign === ')' || sign === ']') return this.#close(at);
      if (sign === ',') return this.#comma(at);
    }
    switch (block.mode) {
      case Mode.start:
        return this.#start(at);
      case Mode.table:
        return readTable(this, at);
      case Mode.assignment:
        return assign(this, at);
      case Mode.cteName:
      case Mode.cteHead:
      case Mode.cteBody:
      case Mode.cteNext:
        return this.#cte(at);
      default:
        return kind === Kind.word &&
          !tokens.isSign(at - 1, '.') &&
          !tokens.isSign(at + 1, '.') &&
          KEYWORDS.has(tokens.text(at))
          ? keyword(this, at)
          : at + 1;
    }
  }

  #push(): Block {
    const block = new Block();
    this.#blocks.push(block);
    this.#top = block;
    return block;
  }

  #open(at: number, sign: string): number {
    const { tokens, block: parent } = this;
    if (this.#blocks.length >= MOST_BLOCKS) {
      // Not looked into: what is in it counts by its names.
      this.fail();
      return tokens.after(at);
    }
    const child = this.#push();
    if (sign === '[') {
      if (parent.mode === Mode.table) this.fail();
      if (parent.mode === Mode.start) parent.mode = Mode.expression;
      child.mode = Mode.expression;
      return at + 1;
    }
    switch (parent.mode) {
      case Mode.table:
        child.isInFrom = true;
        child.scope = parent.scope;
        parent.mode = Mode.afterTable;
        break;
      case Mode.start:
        child.isInFrom = parent.isInFrom && !parent.wantsQuery;
        child.scope = child.isInFrom ? parent.scope : undefined;
        child.wantsQuery = parent.wantsQuery;
        parent.wantsQuery = false;
        parent.mode = child.isInFrom ? Mode.afterTable : Mode.expression;
        break;
      case Mode.cteBody:
        child.cte = parent.pending;
        child.wantsQuery = true;
        if (parent.isRecursive) this.#show(child, parent.pending);
        parent.mode = Mode.cteNext;
        break;
      case Mode.cteNext:
        child.wantsQuery = true;
        parent.mode = Mode.expression;
        parent.wantsQuery = false;
        break;
      case Mode.cteHead:
        child.mode = Mode.expression;
        break;
      default:
        if (tokens.kind(at - 1) === Kind.word) child.callee = tokens.text(at - 1);
    }
    return at + 1;
  }

  #close(at: number): number {
    if (this.#blocks.length <= 1) {
      this.fail();
      return at + 1;
    }
    const { cte } = this.block;
    this.#pop(at);
    if (cte !== undefined) this.#show(this.block, cte);
    return at + 1;
  }

  #pop(at: number): void {
    const { block } = this;
    this.settle(block, at);
    if (block.wantsQuery) this.fail();
    for (const name of block.visible) this.#see(name, -1);
    this.#blocks.pop();
    this.#top = this.#blocks.at(-1) ?? block;
  }

  #show(block: Block, name: string): void {
    block.show(name);
    this.#see(name, 1);
  }

  #see(name: string, by: 1 | -1): void {
    this.#visible ??= new Map();
    this.#visible.set(name, (this.#visible.get(name) ?? 0) + by);
  }

  #comma(at: number): number {
    const { block } = this;
    switch (block.mode) {
      case Mode.start:
        if (block.wantsQuery) this.fail();
        block.mode = Mode.expression;
        break;
      case Mode.table:
        this.fail();
        break;
      case Mode.afterTable:
        block.mode = Mode.table;
        break;
      case Mode.afterAssignment:
        block.mode = Mode.assignment;
        break;
      case Mode.cteNext:
        if (!block.isSearching) block.mode = Mode.cteName;
        break;
    }
    return at + 1;
  }

  /** The first word of a statement or of a bracket. */
  #start(at: number): number {
    const { tokens, block } = this;
    if (tokens.kind(at) === Kind.word && !tokens.isSign(at + 1, '.')) {
      const word = tokens.text(at);
      if (block.wantsQuery && (word === 'all' || word === 'distinct')) return at + 1;
      if (STATEMENT_WORDS.has(word) && this.#isStatement(word, at)) return this.#begin(word, at);
    }
    if (block.wantsQuery) this.fail();
    block.wantsQuery = false;
    block.mode = block.isInFrom ? Mode.table : Mode.expression;
    return at;
  }

  /** `replace(…)` is a function, and `update` may be a column. */
  #isStatement(word: string, at: number): boolean {
    if (word === 'select' || word === 'with' || word === 'values') return true;
    return isNameLike(this.tokens, at + 1);
  }

  #begin(word: string, at: number): number {
    const { block } = this;
    block.wantsQuery = false;
    switch (word) {
      case 'select':
        this.enter('select').mayRead = true;
        block.mode = Mode.expression;
        return at + 1;
      case 'values':
        this.enter('values');
        block.mode = Mode.expression;
        return at + 1;
      case 'table':
        this.enter('select');
        block.mode = Mode.table;
        return at + 1;
      case 'with':
        block.mode = Mode.cteName;
        block.isRecursive = this.tokens.isWord(at + 1, 'recursive');
        block.wantsQuery = true;
        return block.isRecursive ? at + 2 : at + 1;
      case 'update':
        return startUpdate(this, at);
      case 'delete':
        return startDelete(this, at);
      case 'merge':
        return startMerge(this, at);
      default:
        return startInsert(this, at);
    }
  }

  #cte(at: number): number {
    const { tokens, block } = this;
    const word = tokens.kind(at) === Kind.word ? tokens.text(at) : '';
    switch (block.mode) {
      case Mode.cteName:
        if (!tokens.isName(at)) this.fail();
        block.pending = tokens.name(at);
        block.mode = Mode.cteHead;
        return at + 1;
      case Mode.cteHead:
        if (word === 'as') block.mode = Mode.cteBody;
        else this.fail();
        return at + 1;
      case Mode.cteBody:
        if (word !== 'not' && word !== 'materialized') this.fail();
        return at + 1;
      default:
        if (word === 'search' || word === 'cycle') block.isSearching = true;
        else if (word === 'set') block.isSearching = false;
        else if (!block.isSearching && STATEMENT_WORDS.has(word) && word !== 'with') return this.#begin(word, at);
        return at + 1;
    }
  }
}

function isNameLike(tokens: Tokens, at: number): boolean {
  return tokens.isName(at) || tokens.kind(at) === Kind.parameter;
}
