import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { adoptPrototypes, completeShape } from './server-prototypes.js';

function application() {
  return {
    request: Object.create(IncomingMessage.prototype, { app: { value: 'mine', enumerable: true } }) as object,
    response: Object.create(ServerResponse.prototype) as object,
  };
}

describe('adoptPrototypes', () => {
  it('makes classes whose prototypes are those of the application', () => {
    const app = application();
    const classes = adoptPrototypes(app);
    const req = new classes.IncomingMessage(new Socket());
    const res = new classes.ServerResponse(req);
    expect(Object.getPrototypeOf(req) === app.request).toBe(true);
    expect(Object.getPrototypeOf(res) === app.response).toBe(true);
    expect(req instanceof IncomingMessage && res instanceof ServerResponse).toBe(true);
    expect([req.constructor, res.constructor]).toEqual([IncomingMessage, ServerResponse]);
  });

  it('keeps the former prototypes behind the new ones, and their own properties when the parent changes', () => {
    const app = application();
    const former = app.request;
    adoptPrototypes(app);
    expect(Object.getPrototypeOf(app.request)).toBe(former);
    Object.setPrototypeOf(app.request, Object.create(IncomingMessage.prototype));
    expect(Object.getOwnPropertyDescriptor(app.request, 'app')).toEqual(Object.getOwnPropertyDescriptor(former, 'app'));
  });

  it('returns the same classes again, and new ones once the application has other prototypes', () => {
    const app = application();
    const classes = adoptPrototypes(app);
    expect(adoptPrototypes(app)).toBe(classes);
    app.request = Object.create(app.request) as object;
    const others = adoptPrototypes(app);
    expect(others).not.toBe(classes);
    expect(others.IncomingMessage.prototype).toBe(app.request);
  });
});

describe('completeShape', () => {
  it('leaves every value as it was, and nothing for Node to add later', () => {
    const req = new IncomingMessage(new Socket());
    const res = new ServerResponse(req);
    res.statusCode = 404;
    completeShape(req, res);
    expect([res.statusCode, res.statusMessage, 'route' in req && req.route]).toEqual([404, undefined, undefined]);
    const keys = Reflect.ownKeys(res);
    res.writeHead(200).end();
    req.on('close', () => undefined);
    expect(Reflect.ownKeys(res)).toEqual(keys);
    expect(Object.hasOwn(req, '_eventsCount')).toBe(true);
    expect(req.listenerCount('close')).toBe(1);
  });
});
