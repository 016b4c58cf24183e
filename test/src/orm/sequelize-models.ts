import { DataTypes, type Model, type ModelStatic, type Sequelize } from 'sequelize';

export interface User extends Model {
  id: number;
  name: string;
  email: string | null;
}

export interface Post extends Model {
  id: number;
  title: string;
  views: number;
  comments?: Model[];
  addTag(tag: number, options?: object): Promise<unknown>;
  setTags(tags: readonly number[], options?: object): Promise<unknown>;
  getTags(options?: object): Promise<Model[]>;
}

/** The tables of the scenarios as models, with everything that the tables have and models can say. */
export function modelsOf(sequelize: Sequelize) {
  // Sequelize writes into what it is handed.
  const id = () => ({ type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true });
  const text = () => ({ type: DataTypes.STRING(100), allowNull: false });
  const define = <M extends Model>(name: string, tableName: string, attributes: object): ModelStatic<M> =>
    sequelize.define(name, { id: id(), ...attributes }, { tableName, timestamps: false }) as ModelStatic<M>;
  const user = define<User>('User', 'users', { name: text(), email: DataTypes.STRING(100) });
  const post = define<Post>('Post', 'posts', {
    title: text(),
    views: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
  });
  const comment = define('Comment', 'comments', { body: text() });
  const profile = define('Profile', 'profiles', { bio: text() });
  const tag = define('Tag', 'tags', { name: text() });
  post.belongsTo(user, { as: 'user', foreignKey: 'user_id', onDelete: 'CASCADE' });
  comment.belongsTo(post, { as: 'post', foreignKey: 'post_id', onDelete: 'CASCADE' });
  profile.belongsTo(user, { as: 'user', foreignKey: 'user_id', onDelete: 'SET NULL' });
  post.hasMany(comment, { as: 'comments', foreignKey: 'post_id', onDelete: 'CASCADE' });
  post.belongsToMany(tag, {
    as: 'tags',
    through: 'post_tags',
    foreignKey: 'post_id',
    otherKey: 'tag_id',
    timestamps: false,
  });
  return { user, post, comment, profile, tag };
}
