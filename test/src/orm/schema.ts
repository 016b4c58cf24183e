/** The tables that every scenario begins with, in each dialect. */
export const TABLES = `
CREATE TABLE users (id serial PRIMARY KEY, name text NOT NULL, email text);
CREATE TABLE posts (id serial PRIMARY KEY, title text NOT NULL, views int NOT NULL DEFAULT 0,
  user_id int REFERENCES users ON DELETE CASCADE);
CREATE TABLE comments (id serial PRIMARY KEY, body text NOT NULL, post_id int REFERENCES posts ON DELETE CASCADE);
CREATE TABLE profiles (id serial PRIMARY KEY, bio text NOT NULL, user_id int REFERENCES users ON DELETE SET NULL);
CREATE TABLE tags (id serial PRIMARY KEY, name text NOT NULL);
CREATE TABLE post_tags (post_id int REFERENCES posts ON DELETE CASCADE, tag_id int REFERENCES tags ON DELETE CASCADE,
  PRIMARY KEY (post_id, tag_id));
`;

/** Empties them and writes what each scenario finds: two users, two posts of theirs, and what belongs to these. */
export const SEED = `
TRUNCATE users, posts, comments, profiles, tags, post_tags RESTART IDENTITY CASCADE;
INSERT INTO users (name, email) VALUES ('Ana', 'ana@example.com'), ('Rui', 'rui@example.com');
INSERT INTO posts (title, user_id) VALUES ('First', 1), ('Second', 2);
INSERT INTO comments (body, post_id) VALUES ('Well', 1), ('So', 2);
INSERT INTO profiles (bio, user_id) VALUES ('Painter', 1), ('Baker', 2);
INSERT INTO tags (name) VALUES ('news'), ('old');
INSERT INTO post_tags VALUES (1, 1);
`;

/** The same tables as statements of a database that takes one at a time. */
export function tablesOf(dialect: 'mysql' | 'sqlite'): readonly string[] {
  const id = dialect === 'mysql' ? 'int AUTO_INCREMENT PRIMARY KEY' : 'integer PRIMARY KEY AUTOINCREMENT';
  const refers = (column: string, table: string, action: string): string =>
    `FOREIGN KEY (${column}) REFERENCES ${table} (id) ON DELETE ${action}`;
  return [
    `CREATE TABLE users (id ${id}, name varchar(100) NOT NULL, email varchar(100))`,
    `CREATE TABLE posts (id ${id}, title varchar(100) NOT NULL, views int NOT NULL DEFAULT 0, user_id int,
      ${refers('user_id', 'users', 'CASCADE')})`,
    `CREATE TABLE comments (id ${id}, body varchar(100) NOT NULL, post_id int, ${refers('post_id', 'posts', 'CASCADE')})`,
    `CREATE TABLE profiles (id ${id}, bio varchar(100) NOT NULL, user_id int, ${refers('user_id', 'users', 'SET NULL')})`,
    `CREATE TABLE tags (id ${id}, name varchar(100) NOT NULL)`,
    `CREATE TABLE post_tags (post_id int, tag_id int, PRIMARY KEY (post_id, tag_id),
      ${refers('post_id', 'posts', 'CASCADE')}, ${refers('tag_id', 'tags', 'CASCADE')})`,
  ];
}

/** The same as {@link SEED} for these. */
export function seedOf(dialect: 'mysql' | 'sqlite'): readonly string[] {
  const tables = ['post_tags', 'tags', 'profiles', 'comments', 'posts', 'users'];
  const [, ...inserts] = SEED.split(';\n');
  const restart = (table: string): string =>
    dialect === 'mysql'
      ? `ALTER TABLE ${table} AUTO_INCREMENT = 1`
      : `DELETE FROM sqlite_sequence WHERE name = '${table}'`;
  return [...tables.flatMap((table) => [`DELETE FROM ${table}`, restart(table)]), ...inserts.filter((it) => it.trim())];
}
