import 'reflect-metadata';
import { register } from 'node:module';

/** Starts an app as where neither package of events is installed; the argument says which of them it would need. */

const hooks = `export async function resolve(name, context, next) {
  if (/^@nestjs\\/(event-emitter|cqrs|terminus)$/.test(name)) {
    const error = new Error("Cannot find package '" + name + "' imported from " + context.parentURL);
    throw Object.assign(error, { code: 'ERR_MODULE_NOT_FOUND' });
  }
  return await next(name, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

const { Injectable, Module } = await import('@nestjs/common');
const { NestFactory } = await import('@nestjs/core');
const { InvalidateOn, ViewCacheModule } = await import('@viewcache/nestjs');

class Happened {}
class Users {}
Injectable()(Users);
const [, , which] = process.argv;
if (which === 'event-emitter') InvalidateOn('happened', () => 'users')(Users);
if (which === 'cqrs') InvalidateOn(Happened, () => 'users')(Users);
class AppModule {}
Module({ imports: [ViewCacheModule.forRoot()], providers: [Users] })(AppModule);
try {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  console.log('started');
  await app.close();
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
}
