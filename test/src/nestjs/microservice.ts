import { type INestApplication, Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type ClientProxy,
  ClientProxyFactory,
  type MicroserviceOptions,
  type TcpClientOptions,
  Transport,
} from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { freePorts } from '../servers/server-process.js';
import { closing } from './contexts.js';

/** Asks a microservice for an answer. */
export type AskService = (pattern: string, data: unknown) => Promise<unknown>;

/** Where a microservice listens, over TCP on loopback. */
async function tcpOptions() {
  const [port] = (await freePorts(1)) as [number];
  return { transport: Transport.TCP, options: { host: '127.0.0.1', port } } as const;
}

/** Starts a microservice, which is closed with the test. */
export async function startService(metadata: ModuleMetadata): Promise<AskService> {
  @Module(metadata)
  class ServiceModule {}
  const options = await tcpOptions();
  const settings = { ...options, logger: false, abortOnError: false } as const;
  const service = closing(await NestFactory.createMicroservice<MicroserviceOptions>(ServiceModule, settings));
  await service.listen();
  return clientOf(options);
}

/** Has an app of HTTP answer messages, too; `prepare` is for before it listens. */
export async function hybrid(): Promise<{
  readonly ask: AskService;
  readonly prepare: (app: INestApplication) => Promise<void>;
}> {
  const options = await tcpOptions();
  const prepare = async (app: INestApplication): Promise<void> => {
    app.connectMicroservice<MicroserviceOptions>(options, { inheritAppConfig: true });
    await app.startAllMicroservices();
  };
  return { prepare, ask: clientOf(options) };
}

function clientOf(options: TcpClientOptions): AskService {
  const client: ClientProxy = ClientProxyFactory.create(options);
  closing({ close: async () => client.close() });
  return async (pattern, data) => await firstValueFrom(client.send(pattern, data));
}
