export * from '@mikro-orm/mariadb';
