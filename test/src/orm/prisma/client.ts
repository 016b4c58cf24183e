import { PrismaPg } from '@prisma/adapter-pg';
import { getPrismaClient } from '@prisma/client/runtime/client';
import { MODELS } from './models.js';

/** What is asked for and what comes of it: tests compare what they see, and need no types of models. */
type Args = Readonly<Record<string, unknown>>;
type Answer = Promise<Record<string, unknown> | null>;

/** The calls of a model that tests make. */
interface Delegate {
  findUnique(args: Args): Answer & { posts(): Answer };
  findFirst(args?: Args): Answer;
  findMany(args?: Args): Promise<Record<string, unknown>[]>;
  count(args?: Args): Promise<number>;
  aggregate(args: Args): Answer;
  groupBy(args: Args): Answer;
  create(args: Args): Answer;
  createMany(args: Args): Answer;
  createManyAndReturn(args: Args): Answer;
  update(args: Args): Answer;
  updateMany(args: Args): Answer;
  updateManyAndReturn(args: Args): Answer;
  upsert(args: Args): Answer;
  delete(args: Args): Answer;
  deleteMany(args: Args): Answer;
}

type Model = 'user' | 'post' | 'comment' | 'profile' | 'tag' | 'postTag' | 'label';

/** What a client has in a transaction, too. */
export interface Tx extends Readonly<Record<Model, Delegate>> {
  $queryRaw(text: TemplateStringsArray, ...values: unknown[]): Promise<unknown[]>;
  $queryRawUnsafe(text: string, ...values: unknown[]): Promise<unknown[]>;
  $executeRaw(text: TemplateStringsArray, ...values: unknown[]): Promise<number>;
  $executeRawUnsafe(text: string, ...values: unknown[]): Promise<number>;
  $transaction<T>(work: (tx: Tx) => Promise<T>, options?: Args): Promise<T>;
  $transaction(calls: readonly unknown[], options?: Args): Promise<unknown[]>;
}

export interface Client extends Tx {
  $connect(): Promise<void>;
  $disconnect(): Promise<void>;
  $extends(extension: object): Client;
}

type Provider = keyof typeof MODELS;
type Options = { readonly adapter: object };

/** As `internal/class.ts` of what is generated makes it. */
function generated(provider: Provider): new (options: Options) => Client {
  const { runtimeDataModel, strings, graph, ...versions } = MODELS[provider];
  return getPrismaClient({
    ...versions,
    previewFeatures: [],
    activeProvider: provider,
    runtimeDataModel: JSON.parse(runtimeDataModel),
    parameterizationSchema: { strings: JSON.parse(strings), graph },
    compilerWasm: {
      getRuntime: () => import(`@prisma/client/runtime/query_compiler_fast_bg.${provider}.mjs`),
      async getQueryCompilerWasmModule() {
        const file = `@prisma/client/runtime/query_compiler_fast_bg.${provider}.wasm-base64.mjs`;
        const { wasm } = (await import(file)) as { readonly wasm: string };
        return new WebAssembly.Module(Buffer.from(wasm, 'base64'));
      },
      importName: './query_compiler_fast_bg.js',
    },
  } as never) as unknown as new (
    options: Options,
  ) => Client;
}

/** The client of each database. */
export const CLIENTS = {
  postgresql: generated('postgresql'),
  mysql: generated('mysql'),
  sqlite: generated('sqlite'),
};

/** A client of Prisma over `@prisma/adapter-pg`. */
export function openClient(url: string, adapter: PrismaPg = new PrismaPg({ connectionString: url })): Client {
  return new CLIENTS.postgresql({ adapter });
}
