import { describe, expect, it } from '@jest/globals';
import { WriteBatch } from './batch.js';
import { Frames } from './frames.js';

describe('the frames of a transaction', () => {
  function world() {
    const frames = new Frames(64);
    const scope = {};
    const write = (...tags: string[]) => {
      const batch = new WriteBatch(64);
      batch.name(tags);
      frames.write(scope, batch);
    };
    frames.begin(scope, 1);
    return { frames, scope, write };
  }

  it('come together at the commit', () => {
    const { frames, scope, write } = world();
    write('a');
    frames.savepoint(scope, 's');
    write('b');
    expect(frames.commit(scope)?.tags()).toEqual(['a', 'b']);
    expect(frames.isOpen(scope)).toBe(false);
    expect(frames.commit(scope)).toBeUndefined();
  });

  it('drop what a savepoint takes back, which stays and may take back more', () => {
    const { frames, scope, write } = world();
    write('a');
    frames.savepoint(scope, 's');
    write('b');
    frames.rollbackTo(scope, 's');
    write('c');
    frames.rollbackTo(scope, 's');
    write('d');
    expect(frames.commit(scope)?.tags()).toEqual(['a', 'd']);
  });

  it('keep what is released, for what is around it to take back', () => {
    const { frames, scope, write } = world();
    frames.savepoint(scope, 'outer');
    write('a');
    frames.savepoint(scope, 'inner');
    write('b');
    frames.release(scope, 'inner');
    frames.rollbackTo(scope, 'outer');
    expect(frames.commit(scope)?.isEmpty).toBe(true);
  });

  it('mean the latest savepoint of a name, and end the later ones with it', () => {
    const { frames, scope, write } = world();
    frames.savepoint(scope, 's');
    write('a');
    frames.savepoint(scope, 's');
    write('b');
    frames.savepoint(scope, 't');
    write('c');
    frames.rollbackTo(scope, 's');
    frames.release(scope, 's');
    frames.release(scope, 't');
    expect(frames.commit(scope)?.tags()).toEqual(['a']);
  });

  it('know nothing of savepoints that are not there, nor of transactions', () => {
    const { frames, scope, write } = world();
    write('a');
    frames.rollbackTo(scope, 'never');
    expect(frames.release(scope, 'never')).toBe(false);
    const stranger = {};
    frames.savepoint(stranger, 's');
    frames.rollbackTo(stranger, 's');
    expect(frames.release(stranger, 's')).toBe(false);
    frames.rollback(stranger);
    expect(frames.isOpen(stranger)).toBe(false);
    expect(frames.peek(scope)?.tags()).toEqual(['a']);
  });

  it('remember that something was written, though it was taken back', () => {
    const { frames, scope, write } = world();
    expect(frames.hasWritten(scope)).toBe(false);
    frames.savepoint(scope, 's');
    write('a');
    frames.rollbackTo(scope, 's');
    expect(frames.hasWritten(scope)).toBe(true);
  });

  it('end with the savepoint that has begun them', () => {
    const frames = new Frames(64);
    const scope = {};
    frames.begin(scope, 1, 's');
    frames.savepoint(scope, 's');
    frames.savepoint(scope, 's');
    expect(frames.release(scope, 's')).toBe(false);
    expect(frames.release(scope, 's')).toBe(true);
  });
});
