import { describe, expect, it } from '@jest/globals';
import { accessLog, arc, lirs, oracleGeneral } from './trace-formats.js';

const idsOf = (parse: typeof lirs, text: string) => [...parse('t', Buffer.from(text)).ids];

describe('access logs', () => {
  const line = (request: string, status: number, size: string) =>
    `127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "${request} HTTP/1.1" ${status} ${size}`;

  it('are read in the common and the combined format: GETs and HEADs that were answered by 200', () => {
    const trace = accessLog(
      'log',
      Buffer.from(
        [
          line('GET /a?x=1', 200, '2326'),
          `${line('GET /b', 200, '-')} "https://example.org/" "Mozilla/5.0 (X11)"`,
          line('POST /a', 200, '5'),
          line('GET /a?x=1', 304, '0'),
          line('HEAD /a?x=1', 200, '2326'),
          '',
        ].join('\n'),
      ),
    );
    expect([...trace.ids]).toEqual([0, 1, 0]);
    expect(trace.unique).toBe(2);
    expect([...(trace.sizes ?? [])]).toEqual([2326, 1, 2326]);
  });

  it('are a key a line where no line has a request', () => {
    expect(idsOf(accessLog, 'user:1\nuser:2\r\nuser:1\n')).toEqual([0, 1, 0]);
    expect(accessLog('log', Buffer.from('a\n')).sizes).toBeUndefined();
  });
});

describe('access logs with a JSON object a line', () => {
  const log = (...lines: unknown[]) => Buffer.from(lines.map((line) => JSON.stringify(line)).join('\n'));

  it('are read by the fields that nginx, pino and Caddy write', () => {
    const nginx = { request: 'GET /a HTTP/1.1', status: '200', body_bytes_sent: '7' };
    const pino = { req: { method: 'GET', url: '/a' }, res: { statusCode: 200 } };
    const caddy = { request: { method: 'GET', uri: '/b' }, status: 200, size: 9 };
    const refused = [
      { ...nginx, status: '304' },
      { ...nginx, request: 'POST /a HTTP/1.1' },
    ];
    const posted = { req: { method: 'POST', url: '/c' }, res: { statusCode: 200 } };
    const trace = accessLog('log', log(nginx, pino, caddy, ...refused, posted, { url: '/b' }));
    expect([...trace.ids]).toEqual([0, 0, 1, 1]);
    expect([...(trace.sizes ?? [])]).toEqual([7, 1, 9, 1]);
  });

  it('are refused where no field says what was asked for', () => {
    expect(() => accessLog('log', log({ time: 1, message: 'started' }, { time: 2 }))).toThrow(/fields url, path, uri/);
  });
});

describe('traces', () => {
  it('of LIRS have marks between phases', () => {
    expect(idsOf(lirs, '7\n9\n*\n7\n')).toEqual([0, 1, 0]);
  });

  it('of ARC name runs of blocks', () => {
    expect(idsOf(arc, '10 3 0 0\n11 1 0 1\n')).toEqual([0, 1, 2, 1]);
  });

  it('of libCacheSim have sizes', () => {
    const record = Buffer.alloc(48);
    record.writeBigUInt64LE(5n, 4);
    record.writeUInt32LE(512, 12);
    record.writeBigUInt64LE(5n, 28);
    record.writeUInt32LE(512, 36);
    const trace = oracleGeneral('t', record);
    expect([[...trace.ids], [...(trace.sizes ?? [])]]).toEqual([
      [0, 0],
      [512, 512],
    ]);
  });
});
