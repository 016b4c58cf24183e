import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { putTap, type Tap } from './tapped-methods.js';

const METHODS = ['writeHead', 'write', 'end', 'addTrailers', 'setHeader'] as const;

function response(): ServerResponse {
  return new ServerResponse(new IncomingMessage(new Socket()));
}

/** Takes down who was called by which method, and calls on. */
function tap(res: ServerResponse, name: string, calls: string[]): Tap {
  const heard = METHODS.map((method) => {
    const below = Reflect.get(res, method) as (...args: unknown[]) => unknown;
    const hear = (on: ServerResponse, args: unknown[]): unknown => {
      calls.push(`${name} ${method}`);
      return below.apply(on, args);
    };
    return [method, hear] as const;
  });
  return Object.fromEntries(heard) as unknown as Tap;
}

describe('putTap', () => {
  it('puts the same functions on all responses, each of which finds its own tap', () => {
    const calls: string[] = [];
    const [some, other] = [response(), response()];
    putTap(some, tap(some, 'some', calls), true);
    putTap(other, tap(other, 'other', calls), true);
    for (const method of METHODS) expect(Reflect.get(some, method)).toBe(Reflect.get(other, method));
    some.setHeader('a', '1');
    other.setHeader('a', '2');
    some.end();
    expect(calls).toEqual(['some setHeader', 'other setHeader', 'some end', 'some writeHead']);
    expect([some.getHeader('a'), other.getHeader('a')]).toEqual(['1', '2']);
  });

  it('puts a tap over another one', () => {
    const calls: string[] = [];
    const res = response();
    putTap(res, tap(res, 'outer', calls), true);
    putTap(res, tap(res, 'inner', calls), true);
    res.setHeader('a', '1');
    res.write('x');
    expect(calls.slice(0, 4)).toEqual(['inner setHeader', 'outer setHeader', 'inner write', 'outer write']);
    expect(res.getHeader('a')).toBe('1');
  });

  it('leaves setHeader alone where nobody asks for it', () => {
    const res = response();
    putTap(res, tap(res, 'it', []), false);
    expect(Object.hasOwn(res, 'setHeader')).toBe(false);
  });

  it('lets a response that nobody taps be answered by a function of one that is tapped', () => {
    const calls: string[] = [];
    const [tapped, plain] = [response(), response()];
    putTap(tapped, tap(tapped, 'it', calls), true);
    plain.setHeader = tapped.setHeader;
    plain.setHeader('a', '1');
    expect([calls, plain.getHeader('a'), tapped.hasHeader('a')]).toEqual([[], '1', false]);
  });
});
