import type mongoose from 'mongoose';
import type { Connection, Model } from 'mongoose';

export interface UserDocument {
  _id: unknown;
  name?: string;
  email?: string;
}

export interface PostDocument {
  _id: unknown;
  title?: string;
  views?: number;
  user_id?: unknown;
}

export interface OtherDocument {
  _id: unknown;
  [field: string]: unknown;
}

/** The collections of the scenarios as models of one connection. */
export interface Models {
  readonly User: Model<UserDocument>;
  readonly Post: Model<PostDocument>;
  readonly Comment: Model<OtherDocument>;
  readonly Profile: Model<OtherDocument>;
  readonly Tag: Model<OtherDocument>;
  readonly PostTag: Model<OtherDocument>;
}

/** Keys are numbers, or what the driver makes. */
export function modelsOf({ Schema, Types }: typeof mongoose, connection: Connection): Models {
  const key = { _id: { type: Schema.Types.Mixed, default: () => new Types.ObjectId() } };
  const own = { versionKey: false } as const;
  const refers = (ref: string) => ({ type: Schema.Types.Mixed, ref });
  const make = (name: string, collection: string, fields: object): Model<never> =>
    connection.model(name, new Schema({ ...key, ...fields }, own), collection) as unknown as Model<never>;
  return {
    User: make('User', 'users', { name: String, email: String }),
    Post: make('Post', 'posts', { title: String, views: Number, user_id: refers('User') }),
    Comment: make('Comment', 'comments', { body: String, post_id: Number }),
    Profile: make('Profile', 'profiles', { bio: String, user_id: Number }),
    Tag: make('Tag', 'tags', { name: String }),
    PostTag: make('PostTag', 'post_tags', { post_id: Number, tag_id: refers('Tag') }),
  } as unknown as Models;
}
