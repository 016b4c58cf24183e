import { type Document, deserialize, serialize } from 'bson';
import { Aggregator, Query } from 'mingo';

/** What a server answers where it refuses. */
export class Refusal extends Error {
  constructor(
    readonly code: number,
    readonly codeName: string,
    message: string,
  ) {
    super(message);
  }
}

interface View {
  readonly on: string;
  readonly pipeline: readonly Document[];
}

/** The collections of a server, by database and name. */
export class MongoData {
  readonly #collections: Map<string, Document[]>;
  readonly #views: Map<string, View>;

  constructor(collections = new Map<string, Document[]>(), views = new Map<string, View>()) {
    this.#collections = collections;
    this.#views = views;
  }

  /** All of it as it is now, for itself. */
  copy(): MongoData {
    const collections = [...this.#collections].map(([name, documents]) => [name, documents.map(clone)] as const);
    return new MongoData(new Map(collections), new Map(this.#views));
  }

  views(db: string): { readonly name: string; readonly viewOn: string; readonly pipeline: readonly Document[] }[] {
    return [...this.#views]
      .filter(([name]) => name.startsWith(`${db}.`))
      .map(([name, { on, pipeline }]) => ({ name: name.slice(db.length + 1), viewOn: on, pipeline }));
  }

  names(db: string): string[] {
    return [...this.#collections.keys(), ...this.#views.keys()]
      .filter((name) => name.startsWith(`${db}.`))
      .map((name) => name.slice(db.length + 1));
  }

  /** The documents themselves: to be changed where they stand. */
  documents(db: string, name: string): Document[] {
    const key = `${db}.${name}`;
    const known = this.#collections.get(key) ?? [];
    this.#collections.set(key, known);
    return known;
  }

  /** What a reader sees: of a view what its pipeline comes to. */
  seen(db: string, name: string): Document[] {
    const view = this.#views.get(`${db}.${name}`);
    if (view === undefined) return this.documents(db, name).map(clone);
    return this.aggregate(db, view.on, view.pipeline);
  }

  found(db: string, name: string, filter: Document = {}): Document[] {
    return this.seen(db, name).filter(matching(filter));
  }

  aggregate(db: string, name: string | undefined, pipeline: readonly Document[]): Document[] {
    const from = name === undefined ? [] : this.seen(db, name);
    const last = pipeline.at(-1) ?? {};
    const isOut = '$out' in last || '$merge' in last;
    const collectionResolver = (other: string): Document[] => this.seen(db, other);
    const stages = [...(isOut ? pipeline.slice(0, -1) : pipeline)];
    const result = new Aggregator(stages, { collectionResolver }).run<Document>(from);
    if (!isOut) return result;
    this.#put(db, last, result);
    return [];
  }

  createView(db: string, name: string, on: string, pipeline: readonly Document[]): void {
    this.#views.set(`${db}.${name}`, { on, pipeline });
  }

  drop(db: string, name: string): boolean {
    const key = `${db}.${name}`;
    return this.#views.delete(key) || this.#collections.delete(key);
  }

  rename(from: string, to: string): void {
    this.#collections.set(to, this.#collections.get(from) ?? []);
    this.#collections.delete(from);
  }

  #put(db: string, stage: Document, documents: readonly Document[]): void {
    const isOut = '$out' in stage;
    const given = isOut ? stage['$out'] : (stage['$merge'].into ?? stage['$merge']);
    const name = typeof given === 'string' ? given : given.coll;
    const target = this.documents(typeof given === 'string' ? db : (given.db ?? db), name);
    if (isOut) target.splice(0, target.length);
    for (const document of documents) {
      const there = target.find(matching({ _id: document['_id'] }));
      if (there === undefined) target.push(document);
      else Object.assign(there, document);
    }
  }
}

export function clone(document: Document): Document {
  return deserialize(serialize(document));
}

export function matching(filter: Document): (document: Document) => boolean {
  const query = new Query(filter);
  return (document) => query.test(document);
}
