import { createHash } from 'node:crypto';
import { type BigIntStats, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Files and folders that are looked at: beyond, somebody has named a folder that is none of templates. */
const MOST_FILES = 10_000;

/** One file, as it was when it was read. */
interface Source {
  readonly mark: string;
  readonly digest: Buffer;
}

/**
 * A text for the sources of all templates in some folders: another one as soon as one of them is changed, added or taken away.
 *
 * All of them, and not those alone that a fragment is made of: which partial a template includes may be known only when it
 * runs, and html out of an old one must not outlive it.
 */
export class TemplateSources {
  /** Of engines that keep their templates: what they have read they do not read again. */
  readonly #fixed = new Map<string, string>();
  readonly #known = new Map<string, Source>();

  /**
   * @param roots - the folders; what is not there has no templates
   * @param isFixed - the engine reads no template twice
   * @returns empty where there is no template at all
   */
  textOf(roots: readonly string[], isFixed: boolean): string {
    const name = roots.join('\0');
    const known = isFixed ? this.#fixed.get(name) : undefined;
    if (known !== undefined) return known;
    const text = this.#read(roots);
    if (isFixed) this.#fixed.set(name, text);
    return text;
  }

  #read(roots: readonly string[]): string {
    const all = createHash('sha256');
    let count = 0;
    for (const root of roots) {
      for (const path of filesIn(root)) {
        const source = this.#sourceOf(join(root, path));
        if (source === undefined) continue;
        count++;
        all.update(`${path}\0`).update(source.digest);
      }
    }
    return count === 0 ? '' : all.digest('base64url').slice(0, 16);
  }

  #sourceOf(path: string): Source | undefined {
    try {
      const mark = markOf(statSync(path, { bigint: true }));
      const known = this.#known.get(path);
      if (known?.mark === mark) return known;
      const source = { mark, digest: createHash('sha256').update(readFileSync(path)).digest() };
      this.#known.set(path, source);
      return source;
    } catch {
      // Taken away meanwhile.
      return undefined;
    }
  }
}

function markOf({ mtimeNs, ctimeNs, size, ino }: BigIntStats): string {
  return `${mtimeNs} ${ctimeNs} ${size} ${ino}`;
}

/** The files below a folder, in an order of their own; those of a dependency or a repository are no templates. */
function filesIn(root: string): readonly string[] {
  const found: string[] = [];
  const folders = [''];
  // A link may lead back to where it is.
  const seen = new Set<string>();
  for (let folder = folders.pop(); folder !== undefined && found.length < MOST_FILES; folder = folders.pop()) {
    for (const { name, kind } of entriesOf(join(root, folder), seen)) {
      if (name === 'node_modules' || name.startsWith('.')) continue;
      if (kind === 'folder') folders.push(join(folder, name));
      else found.push(join(folder, name));
    }
  }
  return found.sort();
}

interface Entry {
  readonly name: string;
  readonly kind: 'folder' | 'file';
}

function entriesOf(folder: string, seen: Set<string>): readonly Entry[] {
  try {
    const real = realpathSync(folder);
    if (seen.has(real)) return [];
    seen.add(real);
    return readdirSync(folder, { withFileTypes: true }).map((entry) => {
      const isFolder = entry.isSymbolicLink() ? leadsToFolder(join(folder, entry.name)) : entry.isDirectory();
      return { name: entry.name, kind: isFolder ? 'folder' : 'file' };
    });
  } catch {
    return [];
  }
}

function leadsToFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
