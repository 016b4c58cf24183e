import { REQUEST } from '@nestjs/core';

/** What of Nest's own record of a class is asked for; the same in Nest 11 and 12. */
export interface Wrapper {
  readonly name: unknown;
  readonly token: unknown;
  readonly subtype?: string | undefined;
  getCtorMetadata(): readonly Wrapper[] | undefined;
  getPropertiesMetadata(): readonly { readonly wrapper: Wrapper }[] | undefined;
  getEnhancersMetadata(): readonly Wrapper[] | undefined;
}

/** Guards run before a view is asked, on hits too; what filters answer is not stored. */
const OUTSIDE: ReadonlySet<unknown> = new Set(['guard', 'filter']);

/**
 * The class that injects the request, among a controller and all that it needs.
 *
 * Such a class is made before a view is asked: what its constructor reads of the request nobody sees, and the response may
 * depend on it.
 */
export function whoInjectsRequest(controller: Wrapper, seen: Set<Wrapper> = new Set()): string | undefined {
  if (seen.has(controller)) return undefined;
  seen.add(controller);
  const needed = [
    ...(controller.getCtorMetadata() ?? []),
    ...(controller.getPropertiesMetadata() ?? []).map(({ wrapper }) => wrapper),
    ...(controller.getEnhancersMetadata() ?? []).filter(({ subtype }) => !OUTSIDE.has(subtype)),
  ];
  for (const wrapper of needed) {
    // There is a hole where a parameter is optional, and nobody provides it.
    if (wrapper === undefined || wrapper === null) continue;
    if (wrapper.token === REQUEST) return String(controller.name);
    const found = whoInjectsRequest(wrapper, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Says of a controller, once, that nothing of it is stored, and what to do. */
export function messageOfInjection(controller: string, injector: string): string {
  const who = injector === controller ? 'it' : `${injector}, which it needs,`;
  return [
    `viewcache: what ${controller} answers is not stored: ${who} injects REQUEST, and nobody sees what it reads of it before the cache is asked.`,
    '  if the page differs by what it reads   @CacheView({ key: (ctx) => ctx.switchToHttp().getRequest().user?.id })',
    "  if it does not                         @CacheView({ inputs: 'guard' })",
    '  why: docs/guides/nestjs-views.md#request-scope',
  ].join('\n');
}
