import type { DynamicModule } from '@nestjs/common';
import { AbstractGraphQLDriver, type GqlModuleOptions, GraphQLModule } from '@nestjs/graphql';
import { type GraphQLSchema, graphql } from 'graphql';
import type { Site } from '../support/site.js';

/** Answers GraphQL on either adapter, with nothing between a request and the resolvers but the executor. */
class PlainDriver extends AbstractGraphQLDriver {
  async start({ path = '/graphql', schema }: GqlModuleOptions): Promise<void> {
    const { httpAdapter } = this.httpAdapterHost;
    httpAdapter.post(path, async (req: { readonly body: { readonly query: string } }, res: unknown) => {
      const { query: source } = req.body;
      const result = await graphql({ schema: schema as GraphQLSchema, source, contextValue: { req } });
      await httpAdapter.reply(res, result, 200);
    });
  }

  async stop(): Promise<void> {}
}

/** The module of GraphQL, whose schema is made of the resolvers' decorators. */
export function graphqlModule(options: Omit<GqlModuleOptions, 'driver'> = {}): DynamicModule {
  return GraphQLModule.forRoot({ ...options, driver: PlainDriver, autoSchemaFile: true });
}

/** What an operation results in. */
export async function operate(site: Site, query: string): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const reply = await site.ask('/graphql', { method: 'POST', headers, body: JSON.stringify({ query }) });
  return JSON.parse(reply.text);
}
