import type { FileHandle } from 'node:fs/promises';

/** Bytes that can be read from any place, in turns. */
export interface SnapshotSource {
  readonly size: number;
  /** Fewer bytes than asked for at the end. */
  read(at: number, length: number): Promise<Buffer>;
}

/** A snapshot in memory; gives other work a turn at each read, as a file does. */
export function bufferSource(bytes: Buffer): SnapshotSource {
  return {
    size: bytes.length,
    async read(at, length) {
      await new Promise((resolve) => setImmediate(resolve));
      return bytes.subarray(at, at + length);
    },
  };
}

/** A snapshot in a file that is open. */
export async function fileSource(file: FileHandle): Promise<SnapshotSource> {
  const { size } = await file.stat();
  return {
    size,
    async read(at, length) {
      const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - at)));
      let read = 0;
      while (read < bytes.length) {
        const { bytesRead } = await file.read(bytes, read, bytes.length - read, at + read);
        if (bytesRead === 0) break;
        read += bytesRead;
      }
      return bytes.subarray(0, read);
    },
  };
}
