import { createHash } from 'node:crypto';

/** A script with the name that a server knows it by. */
export interface QueueScript {
  readonly text: string;
  readonly sha: string;
}

const script = (text: string): QueueScript => ({ text, sha: createHash('sha1').update(text).digest('hex') });

/*
 * A write is `generation:version:value` in the hash of those that wait, one of each key: the version is that of the newest write,
 * the generation that of the first one it stands for. Versions are microseconds of the server, and grow by one at least: they go on
 * growing where the server has come back from a snapshot. `order` has the keys by generation.
 */

/** Keys: writes, versions, order. Arguments: key, value, most. Answers `full`, or generation, version, and whether it is new. */
export const PUT: QueueScript = script(`local found = redis.call('HGET', KEYS[1], ARGV[1])
if not found and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return {'full'} end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
local version = string.format('%.0f', math.max(last + 1, now))
local generation = found and string.match(found, '^(%d+):') or version
redis.call('SET', KEYS[2], version)
redis.call('HSET', KEYS[1], ARGV[1], generation .. ':' .. version .. ':' .. ARGV[2])
if not found then redis.call('ZADD', KEYS[3], generation, ARGV[1]) end
return {generation, version, found and 'no' or 'yes'}`);

/** Keys: writes, lease. Arguments: key, holder, milliseconds. Answers `held`, `none`, or the write. */
export const TAKE: QueueScript =
  script(`if not redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) then return {'held'} end
local found = redis.call('HGET', KEYS[1], ARGV[1])
if not found then redis.call('DEL', KEYS[2]) return {'none'} end
return {'write', found}`);

/** Keys: lease. Arguments: holder, milliseconds. */
export const RENEW: QueueScript = script(`if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {'lost'} end
redis.call('PEXPIRE', KEYS[1], ARGV[2]) return {'held'}`);

/** Keys: lease. Arguments: holder. */
export const RELEASE: QueueScript = script(`if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return {'released'}`);

/** Keys: writes, order, lease. Arguments: key, version, holder. Forgets a write that has come to an end, unless there is a newer one. */
export const SETTLE: QueueScript = script(`if redis.call('GET', KEYS[3]) ~= ARGV[3] then return {'lost'} end
redis.call('DEL', KEYS[3])
local found = redis.call('HGET', KEYS[1], ARGV[1])
if not found then return {'settled'} end
if string.match(found, '^%d+:(%d+):') ~= ARGV[2] then return {'newer'} end
redis.call('HDEL', KEYS[1], ARGV[1]) redis.call('ZREM', KEYS[2], ARGV[1])
return {'settled'}`);
