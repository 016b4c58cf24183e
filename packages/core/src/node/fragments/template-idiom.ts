/** How the templates of an engine write what they say of a fragment: errors and warnings advise in the same words. */
export interface TemplateIdiom {
  /** What asks for one fragment: settings are named after it in errors. */
  readonly one: string;
  /** What asks for many. */
  readonly many: string;
  /** How one is waited for, where templates have to. */
  readonly awaited?: string | undefined;
  readonly visitor: string;
  readonly shared: string;
  /** What tells the items of a loop apart. */
  readonly apart: string;
  /** The same of those of a list; absent where there is nothing that asks for one. */
  readonly keyed?: string | undefined;
  /** How a visitor is named where there may be none, or only an object. */
  readonly visitorValue: string;
  /** The same of `vary`. */
  readonly varyValue: string;
}

/**
 * Of templates that call functions.
 *
 * @param each - what such a template calls for a list; absent where there is nothing
 * @param awaited - how it waits for a fragment; absent where it does not
 */
export function callIdiom(each?: string, awaited?: string): TemplateIdiom {
  return {
    one: 'cache',
    many: 'cache.each',
    awaited,
    visitor: 'visitor: user.id',
    shared: 'shared: true',
    keyed: 'key: item.id',
    apart: `vary: city.id${each === undefined ? '' : `; or ask for the list with ${each}(…)`}`,
    visitorValue: '`user?.id`, `String(user._id)`',
    varyValue: '`page ?? null`, `String(row._id)`',
  };
}

export const nunjucksIdiom: TemplateIdiom = {
  one: 'cache',
  many: 'cacheeach',
  visitor: 'visitor=user.id',
  shared: 'shared=true',
  apart: "vary=city.id; or ask for the list with {% cacheeach city in cities, 'city', key=city.id %}",
  keyed: 'key=item.id',
  visitorValue: '`user.id`, `user._id | string`',
  varyValue: '`page or none`, `row._id | string`',
};

export const handlebarsIdiom: TemplateIdiom = {
  one: 'cache',
  many: 'cache',
  visitor: 'visitor=user.id',
  shared: 'shared=true',
  apart: 'vary=this.id',
  visitorValue: 'hand the template a text, where an id is an object',
  varyValue: 'hand the template null for what may be missing, and a text for what is an object',
};
