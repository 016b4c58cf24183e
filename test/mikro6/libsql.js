export * from '@mikro-orm/libsql';
