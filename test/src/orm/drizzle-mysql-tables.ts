import { relations } from 'drizzle-orm';
import { int, mysqlTable, primaryKey, varchar } from 'drizzle-orm/mysql-core';

const id = () => int('id').autoincrement().primaryKey();

const text = (name: string) => varchar(name, { length: 100 });

const users = mysqlTable('users', { id: id(), name: text('name').notNull(), email: text('email') });
const posts = mysqlTable('posts', {
  id: id(),
  title: text('title').notNull(),
  views: int('views').notNull().default(0),
  userId: int('user_id'),
});
const comments = mysqlTable('comments', { id: id(), body: text('body').notNull(), postId: int('post_id') });
const profiles = mysqlTable('profiles', { id: id(), bio: text('bio').notNull(), userId: int('user_id') });
const tags = mysqlTable('tags', { id: id(), name: text('name').notNull() });
const postTags = mysqlTable('post_tags', { postId: int('post_id'), tagId: int('tag_id') }, (table) => [
  primaryKey({ columns: [table.postId, table.tagId] }),
]);

const postRelations = relations(posts, ({ one, many }) => ({
  user: one(users, { fields: [posts.userId], references: [users.id] }),
  comments: many(comments),
}));

const commentRelations = relations(comments, ({ one }) => ({
  post: one(posts, { fields: [comments.postId], references: [posts.id] }),
}));

/** The tables of the scenarios for MySQL and MariaDB. What refers to what, the database says. */
export const schema = { users, posts, comments, profiles, tags, postTags, postRelations, commentRelations };
