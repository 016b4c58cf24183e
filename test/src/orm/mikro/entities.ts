import type { Collection, EntitySchema } from '@mikro-orm/core';
import type { Mikro } from './versions.js';

export interface User {
  id: number;
  name: string;
  email: string | null;
}

export interface Post {
  id: number;
  title: string;
  views: number;
  user: User | null;
  comments: Collection<Comment>;
  tags: Collection<Tag>;
}

export interface Comment {
  id: number;
  body: string;
  post: Post | null;
}

export interface Profile {
  id: number;
  bio: string;
  user: User | null;
}

export interface Tag {
  id: number;
  name: string;
  posts: Collection<Post>;
}

const id = { type: 'number', primary: true, autoincrement: true } as const;
const text = { type: 'string', length: 100 } as const;

/** The tables of the scenarios as entities, with everything that the tables have and entities can say. */
export function entitiesOf({ EntitySchema: Schema }: Pick<Mikro, 'EntitySchema'>) {
  const user: EntitySchema<User> = new Schema<User>({
    name: 'User',
    tableName: 'users',
    properties: { id, name: text, email: { ...text, nullable: true } },
  });
  const tag: EntitySchema<Tag> = new Schema<Tag>({
    name: 'Tag',
    tableName: 'tags',
    properties: { id, name: text, posts: { kind: 'm:n', entity: () => post, mappedBy: 'tags' } } as never,
  });
  const post: EntitySchema<Post> = new Schema<Post>({
    name: 'Post',
    tableName: 'posts',
    properties: {
      id,
      title: text,
      views: { type: 'number', default: 0 },
      user: { kind: 'm:1', entity: () => user, fieldName: 'user_id', deleteRule: 'cascade', nullable: true },
      comments: { kind: '1:m', entity: () => comment, mappedBy: 'post' },
      tags: {
        kind: 'm:n',
        entity: () => tag,
        owner: true,
        pivotTable: 'post_tags',
        joinColumn: 'post_id',
        inverseJoinColumn: 'tag_id',
      },
    } as never,
  });
  const comment: EntitySchema<Comment> = new Schema<Comment>({
    name: 'Comment',
    tableName: 'comments',
    properties: {
      id,
      body: text,
      post: { kind: 'm:1', entity: () => post, fieldName: 'post_id', deleteRule: 'cascade', nullable: true },
    } as never,
  });
  const profile: EntitySchema<Profile> = new Schema<Profile>({
    name: 'Profile',
    tableName: 'profiles',
    properties: {
      id,
      bio: text,
      user: { kind: 'm:1', entity: () => user, fieldName: 'user_id', deleteRule: 'set null', nullable: true },
    } as never,
  });
  return { user, post, comment, profile, tag };
}
