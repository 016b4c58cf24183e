import { digest, keyNamespace, TagKeys } from '../store-keys.js';

/**
 * The keys of one namespace in Redis: short, ASCII, and no two things share one (PROTOCOL 4.1).
 *
 * Those in braces lie in one slot of a cluster, so that a script may touch them together.
 */
export class RedisKeys {
  readonly sequence: string;
  readonly channel: string;
  readonly #namespace: string;
  readonly #tags: TagKeys;

  constructor(namespace: string) {
    this.#namespace = keyNamespace(namespace);
    this.sequence = `{${this.#namespace}}:seq`;
    this.channel = `{${this.#namespace}}:bus`;
    this.#tags = new TagKeys(`{${this.#namespace}}:t:`);
  }

  response(key: string): string {
    return `${this.#namespace}:e:${digest(key)}`;
  }

  /** Where a response of a cluster lies that must change in one step with its tags. */
  besideTags(key: string): string {
    return `{${this.#namespace}}:v:${digest(key)}`;
  }

  lease(key: string): string {
    return `{${this.#namespace}}:l:${digest(key)}`;
  }

  tag(tag: string): string {
    return this.#tags.of(tag);
  }
}
