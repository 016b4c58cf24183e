import type { ServerResponse } from 'node:http';
import type { CallHandler, ExecutionContext } from '@nestjs/common';
import { earlyWatchOf, guardOf, markNever, NEVER_CONTROL, type ViewServer } from '@viewcache/core/node';
import { AsyncSubject, catchError, finalize, mergeAll, type Observable, of, throwError } from 'rxjs';
import { markAnswered, takeOn } from './answered.js';
import type { BeforeGuards } from './before-guards.js';
import type { KeyedAnswers } from './keyed-answers.js';
import type { Field, Platform } from './platform.js';
import { keepContext, requestIn, responseIn, type ViewRequest } from './request-context.js';
import type { Handler, RouteMetadata } from './route-metadata.js';

const NEVER: Field = ['Cache-Control', NEVER_CONTROL];

/** What the chain further out sees of a response that was answered here. */
const ANSWERED: Observable<unknown> = of(undefined);

/** A view, and what of it is asked anew for each response. */
export interface RouteView {
  readonly server: ViewServer<ViewRequest, ServerResponse>;
  readonly setLifetime: ((req: ViewRequest) => void) | undefined;
  readonly ahead: BeforeGuards | undefined;
  /** Where nothing is stored that the key says nothing of. */
  readonly keyed?: KeyedAnswers | undefined;
}

/** One route of a controller that has decorators of ours. */
export class ServedRoute {
  readonly #platform: Platform;
  readonly #metadata: RouteMetadata;
  readonly #view: RouteView | undefined;
  readonly #versionField: string | undefined;

  /**
   * @param view - without one, nothing is looked up or stored
   * @param versionField - the request field that says which version of the URL is asked for
   */
  constructor(platform: Platform, metadata: RouteMetadata, view: RouteView | undefined, versionField?: string) {
    this.#platform = platform;
    this.#metadata = metadata;
    this.#view = view;
    this.#versionField = versionField;
  }

  /** Whether an interceptor of its own serves it. */
  get isDecorated(): boolean {
    return this.#metadata.isDecorated;
  }

  /** Whether anything of it is looked up or stored. */
  get isCached(): boolean {
    return this.#view !== undefined;
  }

  /** Whether it is asked before the guards, too. */
  get isBeforeGuards(): boolean {
    return this.#view?.ahead !== undefined;
  }

  /** Answers before the guards run, if it may; `asked`: it might have, and is to be told of what becomes of the request. */
  enter(context: ExecutionContext): 'answered' | 'asked' | 'passed' {
    const platform = this.#platform;
    const req = platform.requestOf(requestIn(context));
    const { ahead, server } = this.#view ?? {};
    if (ahead === undefined || server === undefined || !ahead.isOpenTo(req)) return 'passed';
    keepContext(req, context);
    const reply: unknown = responseIn(context);
    return ahead.answer(server, platform, req, reply, () => this.#setVersionField(reply)) ? 'answered' : 'asked';
  }

  /** The chain of a request has failed, perhaps before {@link serve}. */
  fail(context: ExecutionContext): void {
    this.#view?.ahead?.fail(this.#platform.requestOf(requestIn(context)));
  }

  /** Answers from the cache, or lets the handler answer: the rest of the chain, its pipes included. */
  serve(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const platform = this.#platform;
    const reply: unknown = responseIn(context);
    const res = platform.responseOf(reply);
    // Also where the chain is subscribed to once more, as `retry()` does.
    if (!takeOn(res)) return next.handle();
    if (this.#metadata.isNever) {
      platform.setField(reply, NEVER);
      markNever(res);
      return next.handle();
    }
    const view = this.#view;
    if (view === undefined) {
      this.#setVersionField(reply);
      this.#setFields(reply, []);
      return next.handle();
    }
    const req = platform.requestOf(requestIn(context));
    keepContext(req, context);
    earlyWatchOf(req)?.end();
    // Not while what interceptors further out read is watched.
    view.ahead?.arrive(platform, req, reply);
    this.#setVersionField(reply);
    const fields = this.#takeFields(reply);
    platform.gather(reply);
    const passage = new Passage(res, () => platform.mute(reply));
    const proceed = (error?: unknown): void => {
      if (error === undefined) {
        platform.ready(reply);
        this.#setFields(reply, fields);
        view.setLifetime?.(req);
        view.keyed?.judge(context);
      }
      // Inside the view's asynchronous context, which Nest keeps for the handler from here on.
      passage.goOn(() => (error === undefined ? chainOf(req, context, next) : throwError(() => error)));
    };
    view.server.handle(req, res, proceed, () => {
      markAnswered(res, view.server);
      passage.end();
    });
    return passage.observable();
  }

  /** What `@Header()` sets is the handler's, though Nest has set it before: it is in the stored response. */
  #takeFields(reply: unknown): Field[] {
    const taken: Field[] = [];
    for (const name of this.#metadata.headers) {
      const value = this.#platform.takeField(reply, name);
      if (value !== undefined) taken.push([name, value]);
    }
    return taken;
  }

  #setFields(reply: unknown, fields: readonly Field[]): void {
    const platform = this.#platform;
    const { cacheControl, vary } = this.#metadata;
    for (const field of fields) platform.setField(reply, field);
    if (cacheControl !== undefined) platform.setField(reply, ['Cache-Control', cacheControl]);
    if (vary.length > 0) this.#addVary(reply, vary);
  }

  /** Which version answers is known before the view, whose key says which: this is for the caches behind it. */
  #setVersionField(reply: unknown): void {
    if (this.#versionField !== undefined) this.#addVary(reply, [this.#versionField]);
  }

  #addVary(reply: unknown, names: readonly string[]): void {
    const platform = this.#platform;
    const outer = platform.takeField(reply, 'vary');
    platform.setField(reply, ['Vary', [...(outer === undefined ? [] : [outer].flat()), ...names].join(', ')]);
  }
}

/** The handler's part of the chain, once more where it could not do with a request that is watched. */
function chainOf(req: ViewRequest, context: ExecutionContext, next: CallHandler): Observable<unknown> {
  const guard = guardOf(req);
  if (guard?.mayRunAgain === undefined) return next.handle();
  const handler = context.getHandler() as Handler;
  guard.entering?.(handler);
  const again = (error: unknown): Observable<unknown> =>
    guard.mayRunAgain?.(error, handler) === true ? next.handle() : throwError(() => error);
  return next.handle().pipe(catchError(again));
}

/** One request's way through a view: the handler's part of the chain, or nothing where it is answered without. */
class Passage {
  readonly #res: ServerResponse;
  readonly #mute: () => void;
  #chain: Observable<unknown> | undefined;
  /** Where it is not known yet which. */
  #later: AsyncSubject<Observable<unknown>> | undefined;
  /** Nobody further out listens any more. */
  #isLeft = false;

  constructor(res: ServerResponse, mute: () => void) {
    this.#res = res;
    this.#mute = mute;
  }

  goOn(chain: () => Observable<unknown>): void {
    if (this.#isLeft) this.#abandon();
    else this.#settle(chain());
  }

  /** The request is answered, or its client has gone. */
  end(): void {
    this.#mute();
    this.#settle(ANSWERED);
  }

  observable(): Observable<unknown> {
    if (this.#chain !== undefined) return this.#chain;
    const later = new AsyncSubject<Observable<unknown>>();
    this.#later = later;
    return later.pipe(
      mergeAll(),
      finalize(() => this.#leave()),
    );
  }

  #settle(chain: Observable<unknown>): void {
    if (this.#chain !== undefined) return;
    this.#chain = chain;
    this.#later?.next(chain);
    this.#later?.complete();
  }

  /** Somebody further out has given up, such as a timeout, and answers by an exception filter. */
  #leave(): void {
    if (this.#chain !== undefined) return;
    this.#isLeft = true;
    // The visitor has his answer, and nothing can be added to it.
    if (this.#res.headersSent) this.#mute();
  }

  /** It would make what is stored new behind an answer, and nobody would send what the handler returns. */
  #abandon(): void {
    if (this.#res.destroyed) this.#res.end();
    else this.#res.destroy();
  }
}
