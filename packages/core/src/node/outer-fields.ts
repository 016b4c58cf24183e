import type { ServerResponse } from 'node:http';
import type { Watcher } from './watcher.js';

type Response = ServerResponse & { getRawHeaderNames(): string[] };

/** Who hears of a response's fields being read, and the methods that read them. */
interface Heard {
  readonly res: Response;
  readonly watcher: Watcher;
  /** Names of fields that middleware in front sets, lower case. */
  readonly outer: ReadonlySet<string>;
  readonly getHeader: Response['getHeader'];
  readonly hasHeader: Response['hasHeader'];
  readonly getHeaders: Response['getHeaders'];
  readonly getHeaderNames: Response['getHeaderNames'];
  readonly getRawHeaderNames: Response['getRawHeaderNames'];
}

/**
 * Notes reads of fields that middleware in front has set.
 *
 * The methods are bound, and not functions made here: what one of those reaches, V8 may keep until the next full collection.
 */
export function hearFields(res: ServerResponse, outer: ReadonlySet<string>, watcher: Watcher): void {
  const own = res as Response;
  const { getHeader, hasHeader, getHeaders, getHeaderNames, getRawHeaderNames } = own;
  const heard: Heard = {
    ...{ res: own, watcher, outer },
    ...{ getHeader, hasHeader, getHeaders, getHeaderNames, getRawHeaderNames },
  };
  own.getHeader = hearGetHeader.bind(heard);
  own.hasHeader = hearHasHeader.bind(heard);
  own.getHeaders = hearGetHeaders.bind(heard);
  own.getHeaderNames = hearGetHeaderNames.bind(heard);
  own.getRawHeaderNames = hearGetRawHeaderNames.bind(heard);
}

const ALL = 'all response headers';

function hearGetHeader(this: Heard, name: string): ReturnType<Response['getHeader']> {
  if (this.outer.has(String(name).toLowerCase())) this.watcher.note(`response header ${name}`);
  return this.getHeader.call(this.res, name);
}

function hearHasHeader(this: Heard, name: string): boolean {
  if (this.outer.has(String(name).toLowerCase())) this.watcher.note(`response header ${name}`);
  return this.hasHeader.call(this.res, name);
}

function hearGetHeaders(this: Heard): ReturnType<Response['getHeaders']> {
  this.watcher.note(ALL);
  return this.getHeaders.call(this.res);
}

function hearGetHeaderNames(this: Heard): string[] {
  this.watcher.note(ALL);
  return this.getHeaderNames.call(this.res);
}

function hearGetRawHeaderNames(this: Heard): string[] {
  this.watcher.note(ALL);
  return this.getRawHeaderNames.call(this.res);
}
