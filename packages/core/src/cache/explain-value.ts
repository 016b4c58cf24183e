import { ConfigError } from '../base/errors.js';
import { spelledKey } from '../base/spelled-key.js';
import { checkOptions } from '../config/check.js';
import { readKey } from '../config/value-call-options.js';
import { readVersion } from '../config/value-options.js';
import type { Keyed } from '../engine/keyed.js';
import type { LocalItem } from '../engine/local-item.js';
import { tagNames } from '../engine/make-stored.js';
import type { ValueAccess } from '../engine/value-access.js';
import { ROOT, spaceIn, ValueKey } from '../values/value-key.js';
import type { Sources } from './explain.js';
import { explainTags } from './explain-tags.js';
import type { ExplainedCopy, ValueExplanation, ValueTarget } from './explanation.js';

/** Explains what became of a value, in this process and in the shared store. */
export async function explainValue(
  key: Keyed,
  { local, tags, clock, refusals }: Sources,
  values: ValueAccess,
): Promise<ValueExplanation> {
  const told = values.isShared ? await values.show(key) : 'none';
  const stored: ExplainedCopy[] = [];
  const held = local.peek(key.text);
  const now = clock.monotonic();
  if (held !== undefined) {
    const isGood =
      tags.validity(held.records, held.token) === 'valid' &&
      tags.ownValidity(key, held.token, held.checked) === 'valid';
    stored.push(copyOf(held, 'memory', isGood, now));
  }
  if (typeof told === 'object') stored.push(copyOf(told, 'shared', !told.isOutdated, now));
  const shared = told === 'none' || told === 'silent' ? told : 'answered';
  const spelled = spelledKey(key.text);
  const refused = refusals.of((text) => text === key.text).map((refusal) => ({ ...refusal, key: spelled }));
  return { key: spelled, stored, shared, refusals: refused };
}

/**
 * The key of the value that is to be explained.
 *
 * @throws {@link ConfigError} for what can be none
 */
export function explainedKey(target: ValueTarget): Keyed {
  checkOptions('explain', target, ['key', 'version', 'namespace']);
  const { key, version, namespace } = target;
  if (namespace !== undefined && (typeof namespace !== 'string' || namespace === ''))
    throw new ConfigError('explain.namespace', namespace, 'a string that is not empty');
  const space = namespace === undefined ? ROOT : spaceIn(ROOT, namespace);
  return new ValueKey(space, readKey('explain', key), readVersion('explain.version', version));
}

function copyOf(item: LocalItem, where: ExplainedCopy['where'], isGood: boolean, now: number): ExplainedCopy {
  const { stored } = item;
  const names = where === 'shared' ? tagNames(stored) : item.records.map(({ tag }) => tag);
  return {
    where,
    name: stored.route,
    state: isGood ? (now < item.freshUntil ? 'fresh' : 'stale') : 'invalidated',
    age: Math.max(0, Math.floor((now - item.generatedAt) / 1000)),
    lifetime: stored.lifetimeMs / 1000,
    ttl: Math.floor((item.freshUntil - now) / 1000),
    ...explainTags(item, names),
    bytes: item.weight,
  };
}
