import type { Duration } from '../base/duration.js';
import { ConfigError } from '../base/errors.js';
import { type CountingCall, ValueUnavailableError } from '../base/value-errors.js';
import { checkOptions } from '../config/check.js';
import { ADD_OPTIONS, type AddOptions, type IncrementOptions, type Key } from '../config/value-call-options.js';
import type { ValueOptions } from '../config/value-option-types.js';
import { readVersion } from '../config/value-options.js';
import type { LocalItem } from '../engine/local-item.js';
import type { Counters } from '../values/counters.js';
import type { ValueKey } from '../values/value-key.js';
import { valueIn } from '../values/value-parts.js';
import type { ValuePolicy } from '../values/value-policy.js';
import type { Values } from '../values/values.js';
import type { CallReader } from './call-reader.js';
import { readCount, withTtl } from './value-arguments.js';

/** How often something is added before it is given up: a tag that the store does not know may be refused once. */
const ADDITIONS = 10;

/** The calls that change what is stored by what is stored: those about one key take turns within the process. */
export class CallsInTurn {
  readonly #values: Values;
  readonly #reader: CallReader;
  readonly #counters: Counters;

  constructor(values: Values, reader: CallReader, counters: Counters) {
    this.#values = values;
    this.#reader = reader;
    this.#counters = counters;
  }

  async add<T>(key: Key, value: T, options: Duration | AddOptions<T> | undefined): Promise<boolean> {
    const given = withTtl(options);
    const named = this.#reader.key('add', key, given.version);
    const policy = this.#reader.policy('add', given, ADD_OPTIONS, key);
    return await this.#counters.inTurn(named, () => this.#add(key, named, value, policy));
  }

  /** @param lifetimeMs - above 0 */
  async touch(named: ValueKey, lifetimeMs: number): Promise<boolean> {
    const { engine, codec } = this.#values.parts;
    const encode = (item: LocalItem): Buffer | undefined => {
      const held = valueIn(this.#values.parts, item);
      const encoded = held === undefined ? undefined : codec.encode(held.value);
      return encoded?.kind === 'bytes' ? encoded.bytes : undefined;
    };
    return await this.#counters.inTurn(named, () => engine.values.touch(named, lifetimeMs, encode));
  }

  async count(
    call: CountingCall,
    key: Key,
    step: number | IncrementOptions,
    more: Duration | IncrementOptions | undefined,
  ): Promise<number> {
    const { by, initial, version, given } = readCount(call, step, more);
    const named = this.#reader.key(call, key, version);
    const policy = this.#reader.policy(call, given as ValueOptions<never>);
    const text = JSON.stringify([initial, given.ttl, given.tags]);
    return await this.#counters.add(named, { call, key, by }, { initial, policy, text });
  }

  async incrementVersion(key: Key, options: { readonly version: number }, by: number): Promise<number | undefined> {
    if (typeof options !== 'object' || options === null)
      throw new ConfigError('incrementVersion.version', options, 'the version that is stored, such as { version: 1 }');
    checkOptions('incrementVersion', options, ['version']);
    const from = readVersion('incrementVersion.version', options.version);
    if (from === undefined)
      throw new ConfigError('incrementVersion.version', from, 'the version that is stored, such as { version: 1 }');
    if (!Number.isSafeInteger(by) || by < 1)
      throw new ConfigError('incrementVersion.by', by, 'a whole number from 1 up');
    const to = from + by;
    const places = {
      from: this.#reader.key('incrementVersion', key, from),
      to: this.#reader.key('incrementVersion', key, to),
    };
    const usual = this.#reader.policy('incrementVersion', { ttl: 'forever' });
    return (await this.#counters.inTurn(places.from, () => this.#counters.move(places, usual))) ? to : undefined;
  }

  async #add(key: Key, named: ValueKey, value: unknown, policy: ValuePolicy): Promise<boolean> {
    for (let attempt = 0; attempt < ADDITIONS; attempt++) {
      const { token, found } = await this.#values.read(named);
      if (found !== undefined) return false;
      // Where nothing is kept there is nothing in the way, either: whoever is told so goes on as without a cache.
      if (this.#values.parts.engine.storesNothing) return true;
      const write = { key: named, value, since: token, onlyIf: 'unchanged' as const };
      const [written] = await this.#values.write([write], policy);
      // To say no would be to say that somebody else was the first.
      if (written === 'unavailable') throw new ValueUnavailableError('add', key, 'store');
      if (written === 'unstorable') throw new ValueUnavailableError('add', key, 'value');
      // Refused for somebody else's value, it is found; and else for what the store did not know, and does now.
      if (written !== 'refused') return written === 'stored';
    }
    throw new ValueUnavailableError('add', key, 'contention');
  }
}
