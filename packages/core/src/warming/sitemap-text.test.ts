import { describe, expect, it } from '@jest/globals';
import { readSitemapText } from './sitemap-text.js';

const read = (xml: string) => {
  const { kind, locations = [] } = readSitemapText(xml) ?? {};
  return [kind, ...locations];
};

describe('the text of a sitemap', () => {
  it.each([
    [
      'pages',
      '<?xml version="1.0"?><urlset xmlns="x"><url><loc>https://a/1</loc></url></urlset>',
      ['pages', 'https://a/1'],
    ],
    [
      'an index',
      '<sitemapindex><sitemap><loc>https://a/s.xml</loc></sitemap></sitemapindex>',
      ['sitemaps', 'https://a/s.xml'],
    ],
    ['white space', '<urlset>\n<loc>\n  https://a/1\n</loc></urlset>', ['pages', 'https://a/1']],
    ['entities', '<urlset><loc>https://a/?a=1&amp;b=&#x41;&#66;&lt;</loc></urlset>', ['pages', 'https://a/?a=1&b=AB<']],
    ['CDATA', '<urlset><loc><![CDATA[https://a/?a=1&b=2]]></loc></urlset>', ['pages', 'https://a/?a=1&b=2']],
    ['comments', '<urlset><!-- <loc>https://a/old</loc> --><loc>https://a/1</loc></urlset>', ['pages', 'https://a/1']],
    [
      'pictures',
      '<urlset><loc>https://a/1</loc><image:loc>https://a/1.png</image:loc></urlset>',
      ['pages', 'https://a/1'],
    ],
    ['something broken off', '<urlset><loc>https://a/1</loc><loc>https://a/2', ['pages', 'https://a/1']],
    ['no sitemap', '<html><loc>https://a/1</loc></html>', [undefined]],
    ['nothing', '', [undefined]],
  ])('is read: %s', (_what, xml, expected) => {
    expect(read(xml)).toEqual(expected);
  });

  it('defines no entity, however often one is named', () => {
    const bomb = `<!DOCTYPE urlset [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY x SYSTEM "file:///etc/passwd">]>
      <urlset><loc>https://a/&b;&x;</loc><loc>https://a/&#99999999;&constructor;&#xFFFFFF;</loc></urlset>`;
    expect(read(bomb)).toEqual(['pages', 'https://a/&b;&x;', 'https://a/&#99999999;&constructor;&#xFFFFFF;']);
  });

  it('passes over what is too long for any URL', () => {
    expect(read(`<urlset><loc>https://a/${'x'.repeat(10_000)}</loc><loc>https://a/1</loc></urlset>`)).toEqual([
      'pages',
      'https://a/1',
    ]);
  });
});
