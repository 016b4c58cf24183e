import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { callSites, fileOf, ownFile } from './call-sites.js';

describe('callSites', () => {
  it('has as many frames as asked for, the caller first, whatever stacks are rewritten to', () => {
    const { prepareStackTrace, stackTraceLimit } = Error;
    Error.prepareStackTrace = () => 'rewritten';
    Error.stackTraceLimit = 0;
    try {
      function asking() {
        return callSites(2);
      }
      const sites = asking();
      expect(sites).toHaveLength(2);
      expect(sites[0]?.getFunctionName()).toBe('asking');
      expect(new Error('x').stack).toBe('rewritten');
      expect(Error.stackTraceLimit).toBe(0);
    } finally {
      Object.assign(Error, { prepareStackTrace, stackTraceLimit });
    }
  });
});

describe('ownFile', () => {
  it('is the path of the file that asks', () => {
    expect(ownFile()).toBe(fileURLToPath(import.meta.url));
    expect(fileOf(callSites(1)[0] as NodeJS.CallSite)).toBe(ownFile());
  });
});
