import type { Fields } from '../../inputs.js';
import { type FragmentCache, fragmentCache } from '../fragment-calls.js';
import { type FragmentRequest, placeOf, requestOf, type TemplatePlace } from '../fragment-request.js';
import type { TemplateIdiom } from '../template-idiom.js';

/** A template engine as `app.engine()` takes it. */
export type ExpressEngine = (
  path: string,
  options: object,
  callback: (error: unknown, rendered?: string) => void,
) => void;

/** One rendering of a template, as an engine is asked for it. */
export interface Rendering {
  readonly path: string;
  /** What the template is given, without `cache`. */
  readonly locals: Fields;
  readonly settings: Fields;
  readonly request: FragmentRequest | undefined;
  readonly place: TemplatePlace;
  /** What the template is given as `cache`. */
  readonly cache: FragmentCache;
}

/**
 * An engine that Express asks.
 *
 * @param render - renders one template
 * @param idiom - how its templates are written
 * @param placeFor - where its templates are; absent where Express knows
 */
export function expressEngine(
  render: (rendering: Rendering) => string | Promise<string>,
  idiom: TemplateIdiom,
  placeFor: (settings: Fields) => TemplatePlace = placeOf,
): ExpressEngine {
  return (path, options, callback) => {
    const run = async (): Promise<string> => {
      const given = options as Fields;
      const request = requestOf(given);
      // A local of that name stands in front of those of the app.
      const settings = request?.settings ?? ((given['settings'] ?? {}) as Fields);
      const place = placeFor(settings);
      const locals = request === undefined ? { ...given } : request.watch(given);
      return await render({ path, locals, settings, request, place, cache: fragmentCache(request, idiom, place) });
    };
    // Apart: what the callback throws is no error of the rendering.
    void run().then(
      (html) => callback(null, html),
      (error: unknown) => callback(error),
    );
  };
}
