import 'reflect-metadata';
import type { DynamicModule, Provider } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { ConfigError } from '@viewcache/core';
import { isRecord } from '@viewcache/core/node';

/** What each call of `forRoot` and `forRootAsync` is told by: on what it returns, and among the module's providers. */
const CALL: unique symbol = Symbol('ViewCacheModule.forRoot()');
/** Where `@Module()` notes what a module imports. */
const IMPORTS = 'imports';

type Marked = DynamicModule & { readonly [CALL]?: object };

/** Has a module tell its call apart, also where somebody has spread it into another object. */
export function markCall(definition: DynamicModule): DynamicModule {
  const call = {};
  const provider: Provider = { provide: CALL, useValue: call };
  const marked: Marked = { ...definition, [CALL]: call, providers: [...(definition.providers ?? []), provider] };
  return marked;
}

/**
 * Refuses a second import for every module, with caches of its own: what is invalidated in one would stay in the other.
 *
 * @throws {@link ConfigError} that names the modules which import it
 */
export function refuseSecond(modules: ModulesContainer): void {
  // Who says that it is not for every module wants caches apart.
  const ours = [...modules.values()].filter(({ isGlobal }) => isGlobal);
  const calls = ours.flatMap(({ providers }) => providers.get(CALL)?.instance ?? []);
  if (calls.length < 2) return;
  const importers = calls.map((call) => importerOf(call, modules) ?? 'a dynamic module').join(' and ');
  const problem = 'import it, and what is invalidated in the caches of one would stay in those of the other';
  const allowed =
    'it in the root module alone, for all modules; another one may import ViewCacheModule itself, or have caches apart by isGlobal: false; ' +
    'in a test of the whole app, overrideProvider(ViewCache).useValue(createCache({ clock }))';
  throw new ConfigError('ViewCacheModule.forRoot', importers, allowed, undefined, problem);
}

function importerOf(call: object, modules: ModulesContainer): string | undefined {
  for (const { metatype } of modules.values()) {
    const imports: readonly unknown[] | undefined = Reflect.getMetadata(IMPORTS, metatype);
    if (imports?.some((each) => isRecord(each) && (each as Partial<Marked>)[CALL] === call)) return metatype.name;
  }
  return undefined;
}
