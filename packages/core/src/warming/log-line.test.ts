import { describe, expect, it } from '@jest/globals';
import { targetIn } from './log-line.js';
import { MostAsked } from './most-asked.js';

const combined = (request: string, status = 200) =>
  `203.0.113.9 - - [22/Nov/2026:17:40:47 +0000] "${request}" ${status} 5316 "https://www.example.com/" "Mozilla/5.0"`;

/** As morgan writes it, which escapes nothing. */
const says = (agent: string, request = 'GET /gone HTTP/1.1', status = 404) =>
  `203.0.113.9 - - [22/Nov/2026:17:40:47 +0000] "${request}" ${status} 9 "-" "${agent}"`;

describe('a line of an access log', () => {
  it.each([
    ['a GET', combined('GET /cities/7?lang=de HTTP/1.1'), '/cities/7?lang=de'],
    ['HTTP/2', combined('GET / HTTP/2'), '/'],
    ['the common format', '::1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.0" 200 2326\r', '/a'],
    ['a POST', combined('POST /cities HTTP/1.1'), undefined],
    ['a redirect', combined('GET /old HTTP/1.1', 301), undefined],
    ['a status that begins alike', combined('GET /old HTTP/1.1', 2000), undefined],
    ['a virtual host in front', `www.example.com:443 ${combined('GET /a HTTP/1.1')} 0.012 "-"`, '/a'],
    ['a User-Agent with a request', says('GET /flush HTTP/1.1" 200'), undefined],
    ['a User-Agent with a line', says(`" 1.1.1.1 - - [x] "GET /flush HTTP/1.1" 200 1`), undefined],
    ['a User-Agent beside a GET', says('GET /flush HTTP/1.1" 200', 'GET /a HTTP/1.1', 200), undefined],
    [
      'an address with a request',
      `1.1.1.1 - - [x] "GET /flush HTTP/1.1" 200 1 "" ${combined('GET / HTTP/1.1')}`,
      undefined,
    ],
    ['a user with a request', `1.1.1.1 - "GET /flush HTTP/1.1" 200 ${combined('GET /gone HTTP/1.1', 404)}`, undefined],
    ['no request', combined('\\x16\\x03\\x01'), undefined],
    ['JSON, flat', '{"method":"GET","url":"/a","status":200}', '/a'],
    ['JSON of nginx', '{"request_method":"GET","request_uri":"/a?b","status":"200"}', '/a?b'],
    ['JSON of pino-http', '{"req":{"method":"GET","url":"/a"},"res":{"statusCode":200},"msg":"ok"}', '/a'],
    ['JSON of a POST', '{"method":"POST","url":"/a","status":200}', undefined],
    ['JSON with an object for a URL', '{"method":"GET","url":{"path":"/a"},"status":200}', undefined],
    ['JSON that is broken off', '{"method":"GET","url":"/a","sta', undefined],
    ['nothing', '', undefined],
  ])('says what was asked for: %s', (_what, line, expected) => {
    expect(targetIn(line)).toBe(expected);
  });
});

describe('what was asked for most', () => {
  it('comes first', () => {
    const asked = new MostAsked();
    for (const target of ['/c', '/a', '/b', '/b', '/a', '/a']) asked.add(target);
    expect(asked.top(2)).toEqual(['/a', '/b']);
    expect(asked.top(9)).toEqual(['/a', '/b', '/c']);
  });

  it('is not driven out by what is asked for once', () => {
    const asked = new MostAsked(10);
    for (let i = 0; i < 1_000; i++) {
      asked.add(`/new/${i}`);
      if (i % 5 === 0) asked.add('/popular');
    }
    expect(asked.top(1)).toEqual(['/popular']);
    expect(asked.top(1_000).length).toBeLessThanOrEqual(10);
  });

  it('is no more than 16 million characters, though each URL is as long as it may be, and none is longer', () => {
    const asked = new MostAsked();
    const end = 'x'.repeat(2_000);
    let most = 0;
    for (let i = 0; i < 9_000; i++) {
      asked.add(`/${i}${end}`);
      if (i % 100 === 0) asked.add(`/${i}${end}${end}`);
      most = Math.max(most, asked.size.characters);
    }
    expect(most).toBeLessThanOrEqual(16_000_000);
    const kept = asked.top(100_000);
    expect(asked.size).toEqual({ targets: kept.length, characters: kept.join('').length });
    expect(kept.some((url) => url.length > 2_048)).toBe(false);
  });
});
