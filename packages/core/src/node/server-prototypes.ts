import { IncomingMessage, ServerResponse } from 'node:http';

/** A framework's application that gives every request and response its own prototypes, as Express does. */
export interface PrototypeOwner {
  /** What the application makes the prototype of each request. */
  request: object;
  /** What the application makes the prototype of each response. */
  response: object;
}

/** Whether something is an application of Express, or one made like it. */
export function hasPrototypes(app: unknown): app is PrototypeOwner {
  const { request, response } = (app ?? {}) as Partial<PrototypeOwner>;
  return typeof app === 'function' && isObject(request) && isObject(response);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The pair of classes that `http.createServer` and `https.createServer` take as options. */
export interface ServerClasses {
  readonly IncomingMessage: typeof IncomingMessage;
  readonly ServerResponse: typeof ServerResponse;
}

const adopted = new WeakMap<PrototypeOwner, ServerClasses>();

/**
 * Makes the classes with which a server's requests and responses are born with the prototypes that `app` would give them.
 *
 * Express runs `Object.setPrototypeOf(req, app.request)` and the same for the response on every request. An object whose
 * prototype changes after its birth loses V8's fast property access for the rest of its life: on Node 20 and 22 that is
 * most of what a request costs. Here `app.request` *becomes* the prototype of the class, so the assignment changes nothing
 * and V8 returns at once (nodejs/node#37457, expressjs/express#5998).
 *
 * `app.request` and `app.response` are replaced by objects that inherit from the former ones and repeat their own
 * properties; whoever holds the former objects still extends every request. A second call for the same application
 * returns the same classes.
 *
 * @example
 * ```ts
 * const app = express();
 * const server = http.createServer(adoptPrototypes(app), (req, res) => {
 *   completeShape(req, res);
 *   app(req, res);
 * });
 * ```
 */
export function adoptPrototypes(app: PrototypeOwner): ServerClasses {
  const known = adopted.get(app);
  if (known?.IncomingMessage.prototype === app.request && known.ServerResponse.prototype === app.response) return known;

  // Of the forms that reach this (`.call`, `Reflect.construct`, a class), the derived class with no constructor of its own
  // is the one that is fast on every Node.
  class Request extends IncomingMessage {}
  class Response extends ServerResponse {}
  app.request = replace(app.request, Request.prototype);
  app.response = replace(app.response, Response.prototype);

  const classes = { IncomingMessage: Request, ServerResponse: Response as typeof ServerResponse };
  adopted.set(app, classes);
  return classes;
}

interface LateProperties {
  route?: unknown;
  _eventsCount?: unknown;
}

/**
 * Makes own, with the values they have, the properties that Node and the router would first add further on.
 *
 * In a sub-app the framework does change the prototypes, to the sub-app's. On Node 20 and 22 every object that gets its
 * first new property after that has a hidden class of its own, shared with no other request, and no code that touches it
 * is fast again. A route in a sub-app costs 2.3 times as much without these four lines (measured on Node 20).
 */
export function completeShape(req: IncomingMessage & LateProperties, res: ServerResponse): void {
  const { route, _eventsCount } = req;
  const { statusCode, statusMessage } = res;
  req.route = route;
  req._eventsCount = _eventsCount;
  res.statusCode = statusCode;
  res.statusMessage = statusMessage;
}

/** Puts `prototype` where `former` was, seen from the objects that inherit from it. */
function replace(former: object, prototype: object): object {
  // Without it `req.constructor` stays IncomingMessage, as under `app.listen`.
  Reflect.deleteProperty(prototype, 'constructor');
  Object.setPrototypeOf(prototype, former);
  // Mounting the application on another one gives this object a new parent, and `former` is no longer behind it; `app` and
  // the user's extensions must still be found.
  return Object.defineProperties(prototype, Object.getOwnPropertyDescriptors(former));
}
