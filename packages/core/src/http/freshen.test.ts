import { describe, expect, it } from '@jest/globals';
import { parseCacheControl } from './cache-control.js';
import { freshenedFields } from './freshen.js';
import { withheldFields } from './hop-by-hop.js';

const nothing = withheldFields(undefined, parseCacheControl(undefined));

describe('freshening a stored response (RFC 9111 §3.2)', () => {
  it('replaces what the new response says, and keeps what it does not', () => {
    const stored = ['Content-Type', 'text/html', 'Cache-Control', 'max-age=1', 'X-A', '1', 'x-a', '2', 'X-B', '3'];
    const update = ['cache-control', 'max-age=60', 'X-A', '9', 'X-C', '4', 'X-C', '5'];
    expect(freshenedFields(stored, update, nothing)).toEqual([
      ...['Content-Type', 'text/html', 'X-B', '3'],
      ...['cache-control', 'max-age=60', 'X-A', '9', 'X-C', '4', 'X-C', '5'],
    ]);
  });

  it.each(['Content-Length', 'Content-Encoding', 'Content-Range'])('keeps the stored %s', (name) => {
    expect(freshenedFields([name, 'old'], [name, 'new'], nothing)).toEqual([name, 'old']);
    expect(freshenedFields([], [name, 'new'], nothing)).toEqual([]);
  });

  it('takes no field that is not stored', () => {
    const withheld = withheldFields('X-Hop', parseCacheControl('private="X-User"'));
    const update = ['Connection', 'X-Hop', 'X-Hop', '1', 'X-User', 'me', 'Keep-Alive', 'timeout=5'];
    expect(freshenedFields(['X-Hop', '0'], update, withheld)).toEqual(['X-Hop', '0']);
  });
});
