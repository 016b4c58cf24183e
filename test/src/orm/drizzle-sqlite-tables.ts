import { relations } from 'drizzle-orm';
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

const id = () => integer('id').primaryKey({ autoIncrement: true });

const users = sqliteTable('users', { id: id(), name: text('name').notNull(), email: text('email') });
const posts = sqliteTable('posts', {
  id: id(),
  title: text('title').notNull(),
  views: integer('views').notNull().default(0),
  userId: integer('user_id'),
});
const comments = sqliteTable('comments', { id: id(), body: text('body').notNull(), postId: integer('post_id') });
const profiles = sqliteTable('profiles', { id: id(), bio: text('bio').notNull(), userId: integer('user_id') });
const tags = sqliteTable('tags', { id: id(), name: text('name').notNull() });
const postTags = sqliteTable('post_tags', { postId: integer('post_id'), tagId: integer('tag_id') }, (table) => [
  primaryKey({ columns: [table.postId, table.tagId] }),
]);

const postRelations = relations(posts, ({ one, many }) => ({
  user: one(users, { fields: [posts.userId], references: [users.id] }),
  comments: many(comments),
}));

const commentRelations = relations(comments, ({ one }) => ({
  post: one(posts, { fields: [comments.postId], references: [posts.id] }),
}));

/** The tables of the scenarios for SQLite. What refers to what, the database says. */
export const schema = { users, posts, comments, profiles, tags, postTags, postRelations, commentRelations };
