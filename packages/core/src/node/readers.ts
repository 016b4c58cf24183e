import { relative } from 'node:path';
import { callSites, fileOf, ownFile } from '../cache/call-sites.js';
import { APP, type Reader, UNKNOWN_READER } from './loaders.js';

/** Functions of the guard that call middleware: the frame next to one of them is the router's, then comes the middleware. */
export const ANCHORS = { layer: 'runLayer', end: 'runReplacedEnd', head: 'runReplacedHead' } as const;

const DEPTH = 40;
const REMEMBERED = 64;

/** Routers call the layers; tracing puts itself around them; `on-headers` calls what was given to it. */
const ROUTERS: ReadonlySet<string> = new Set(['express', 'router']);
const WRAPPERS = /^(?:@opentelemetry\/|@sentry\/|shimmer$|on-headers$|import-in-the-middle$|require-in-the-middle$)/;

/** The folder that ours are in; in a bundle of the whole app there is nothing to tell them by. */
const HERE = folderOf(ownFile());

/** What is known of a function's reads of one input. */
interface Known {
  reader: Reader;
  samples: number;
}

/** What is known of each function's reads. */
const known = new WeakMap<object, Map<string, Known>>();
/** A stack is taken for so many reads of each input: a package may read it first, and a callback of the app's then. */
const SAMPLES = 8;

/**
 * Who reads an input now, inside a function that one of the anchors has called.
 *
 * @param owner - what it is remembered by: the layer's function
 * @param slot - the input, and which of the owner's functions reads it
 */
export function readerOf(owner: object, slot: string, anchor: string): Reader {
  const inputs = readsOf(owner);
  const remembered = inputs.get(slot);
  if (remembered !== undefined && remembered.samples >= SAMPLES) return remembered.reader;
  const reader = readerBelow(anchor);
  // What came asynchronously, or from too deep, may be known another time.
  if (reader === UNKNOWN_READER) return reader;
  if (remembered === undefined) {
    if (inputs.size < REMEMBERED) inputs.set(slot, { reader, samples: 1 });
    return reader;
  }
  remembered.samples++;
  // Once a function of the app's own was among them, none is excused any more.
  if (isWorse(reader, remembered.reader)) {
    remembered.reader = reader;
    if (!reader.isPure) remembered.samples = SAMPLES;
  }
  return remembered.reader;
}

function isWorse(reader: Reader, than: Reader): boolean {
  return than.isPure && (!reader.isPure || reader.package !== than.package || reader.depth > than.depth);
}

/** Who reads an input asynchronously, when the stack no longer says which layer called: only where, for who has to mend it. */
export function lateReaderOf(owner: object | undefined, input: string): Reader {
  if (owner === undefined || process.env['NODE_ENV'] === 'production') return UNKNOWN_READER;
  const inputs = readsOf(owner);
  const slot = `late ${input}`;
  const remembered = inputs.get(slot);
  if (remembered !== undefined) return remembered.reader;
  const reader = { ...UNKNOWN_READER, place: placeOf(stackHere()) };
  if (inputs.size < REMEMBERED) inputs.set(slot, { reader, samples: SAMPLES });
  return reader;
}

function readsOf(owner: object): Map<string, Known> {
  let inputs = known.get(owner);
  if (inputs === undefined) {
    inputs = new Map();
    known.set(owner, inputs);
  }
  return inputs;
}

function readerBelow(anchor: string): Reader {
  const sites = stackHere();
  const at = sites.findIndex((site) => isOurs(site) && site.getFunctionName() === anchor);
  if (at < 0) return UNKNOWN_READER;
  // From the router, or the middleware's own function, to the reader.
  const packages = sites.slice(0, at).filter(isOthers).map(packageOf).reverse();
  const router = anchor === ANCHORS.layer ? packages.shift() : undefined;
  const isAround = (name: string) => name === NODE || ROUTERS.has(name) || WRAPPERS.test(name);
  const first = packages.findIndex((name) => !isAround(name) && (name !== router || router === APP));
  if (first < 0) return UNKNOWN_READER;
  const inside = packages.slice(first).filter((name) => name !== NODE);
  const own = inside[0] ?? APP;
  return {
    package: own,
    depth: inside.length,
    isPure: own === APP || !inside.includes(APP),
    place: placeOf(sites.slice(0, at)),
  };
}

function placeOf(sites: readonly NodeJS.CallSite[]): string | undefined {
  const site = sites.find((it) => isOthers(it) && packageOf(it) === APP);
  return site === undefined ? undefined : `${relative(process.cwd(), fileOf(site))}:${site.getLineNumber() ?? 0}`;
}

function stackHere(): readonly NodeJS.CallSite[] {
  const sites = callSites(DEPTH);
  // On top there are the guard's own functions, and what of it was read.
  const note = sites.findIndex((site) => isOurs(site) && site.getFunctionName() === 'note');
  return sites.slice(note + 2);
}

const NODE = 'node';

/** The package that a frame's file is in, by the last `node_modules` of its path. */
function packageOf(site: NodeJS.CallSite): string {
  // What a package has made by `eval` or `new Function` is the package's.
  const file = site.getFileName() ?? (site.isEval() ? madeIn(site) : undefined);
  // Built-in functions have no file.
  if (file === undefined || file.startsWith('node:')) return NODE;
  const path = file.replaceAll('\\', '/');
  const at = path.lastIndexOf('/node_modules/');
  if (at < 0) return APP;
  const [first = '', second = ''] = path.slice(at + '/node_modules/'.length).split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
}

function madeIn(site: NodeJS.CallSite): string {
  return /\(([^()]+):\d+:\d+\)$/.exec(site.getEvalOrigin() ?? '')?.[1] ?? '';
}

/** Not to be told apart in a bundle, where little of ours is left above the router. */
function isOthers(site: NodeJS.CallSite): boolean {
  return HERE === undefined || !isOurs(site);
}

function isOurs(site: NodeJS.CallSite): boolean {
  return HERE === undefined || fileOf(site).startsWith(HERE);
}

/** What is published are bundles of ours, in the folder of the package: see docs/decisions/0014-bundles-in-the-tarballs.md. */
function folderOf(file: string): string | undefined {
  return /^.*[\\/](?=node[\\/]readers\.js$)|^.*[\\/]@viewcache[\\/]core[\\/]dist[\\/]/.exec(file)?.[0];
}
