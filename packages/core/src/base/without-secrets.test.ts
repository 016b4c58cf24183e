import { describe, expect, it } from '@jest/globals';
import { withoutSecrets } from './without-secrets.js';

describe('a text without secrets', () => {
  it.each([
    ['http://me:SECRET@shop.example/a', 'http://…@shop.example/a'],
    ['ftp://SECRET@shop.example', 'ftp://…@shop.example'],
    ['http://a:SECRET@SECRET@shop.example/@b', 'http://…@shop.example/@b'],
    ['/a?key=SECRET&b=SECRET=SECRET&c=', '/a?key=…&b=…&c=…'],
    ['/a?SECRET', '/a?…'],
    ['/a?b=SECRET?SECRET#top', '/a?b=…#top'],
    [`"GET /a?b=SECRET HTTP/1.1" 200 'http://x/?SECRET'`, `"GET /a?b=… HTTP/1.1" 200 'http://x/?…'`],
    ['/srv/me@home/sitemap.xml could not be read: ENOENT', '/srv/me@home/sitemap.xml could not be read: ENOENT'],
    ['is that so? no', 'is that so? no'],
  ])('%s', (text, expected) => {
    expect(withoutSecrets(text)).toBe(expected);
  });

  it('takes no longer than the text is long', () => {
    const texts = ['://'.repeat(100_000), '?'.repeat(300_000), '?a&'.repeat(100_000)];
    for (const text of texts) expect(withoutSecrets(text).length).toBeLessThan(1_000_000);
  });
});
