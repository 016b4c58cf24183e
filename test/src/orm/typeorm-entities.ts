import type { EntitySchema, EntitySchemaOptions } from 'typeorm';

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
  comments: Comment[];
  tags: Tag[];
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
}

/** What both versions of TypeORM make entities with. */
type MakeSchema = new <T>(options: EntitySchemaOptions<T>) => EntitySchema<T>;

const id = { type: 'int', primary: true, generated: 'increment' } as const;
const text = { type: 'varchar', length: 100 } as const;

/** The tables of the scenarios as entities, with everything that the tables have and entities can say. */
export function entitiesOf(Schema: MakeSchema) {
  const user = new Schema<User>({
    name: 'User',
    tableName: 'users',
    columns: { id, name: text, email: { ...text, nullable: true } },
  });
  const post = new Schema<Post>({
    name: 'Post',
    tableName: 'posts',
    columns: { id, title: text, views: { type: 'int', default: 0 } },
    relations: {
      user: {
        type: 'many-to-one',
        target: 'User',
        joinColumn: { name: 'user_id' },
        onDelete: 'CASCADE',
        nullable: true,
      },
      comments: { type: 'one-to-many', target: 'Comment', inverseSide: 'post', cascade: true },
      tags: {
        type: 'many-to-many',
        target: 'Tag',
        joinTable: { name: 'post_tags', joinColumn: { name: 'post_id' }, inverseJoinColumn: { name: 'tag_id' } },
      },
    },
  });
  const comment = new Schema<Comment>({
    name: 'Comment',
    tableName: 'comments',
    columns: { id, body: text },
    relations: {
      post: {
        type: 'many-to-one',
        target: 'Post',
        joinColumn: { name: 'post_id' },
        onDelete: 'CASCADE',
        nullable: true,
      },
    },
  });
  const profile = new Schema<Profile>({
    name: 'Profile',
    tableName: 'profiles',
    columns: { id, bio: text },
    relations: {
      user: {
        type: 'many-to-one',
        target: 'User',
        joinColumn: { name: 'user_id' },
        onDelete: 'SET NULL',
        nullable: true,
      },
    },
  });
  const tag = new Schema<Tag>({ name: 'Tag', tableName: 'tags', columns: { id, name: text } });
  return { user, post, comment, profile, tag };
}
