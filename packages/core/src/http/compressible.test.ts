import { describe, expect, it } from '@jest/globals';
import { isCompressible } from './compressible.js';

describe('isCompressible', () => {
  it.each([
    'text/html; charset=utf-8',
    'TEXT/CSS',
    'application/json',
    'application/ld+json; profile="x"',
    'application/atom+xml',
    'image/svg+xml',
    'application/javascript',
    'application/wasm',
    'application/vnd.api+json',
    'font/ttf',
  ])('says yes to %s', (type) => {
    expect(isCompressible(type)).toBe(true);
  });

  it.each([
    'image/png',
    'image/webp',
    'video/mp4',
    'application/zip',
    'application/octet-stream',
    'font/woff2',
    'text/event-stream',
    'application/pdf',
    '',
    undefined,
    'application/zip; x=text/html',
  ])('says no to %s', (type) => {
    expect(isCompressible(type)).toBe(false);
  });
});
