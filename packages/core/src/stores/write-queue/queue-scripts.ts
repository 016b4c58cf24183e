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
 * growing where the server has come back from a snapshot. `order` has the keys by the first version that may not be saved yet.
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

/** Keys: lease. Arguments: holder, milliseconds. One that has run out is taken again, where nobody else has done so. */
export const RENEW: QueueScript = script(`local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return {'lost'} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) return {'held'}`);

/** Keys: lease. Arguments: holder. */
export const RELEASE: QueueScript = script(`if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return {'released'}`);

/**
 * Keys: writes, order, lease, failures. Arguments: key, version, holder. Forgets a write that has come to an end, unless there is
 * a newer one: that has waited since the one that has ended, as far as anybody knows.
 */
export const SETTLE: QueueScript = script(`if redis.call('GET', KEYS[3]) ~= ARGV[3] then return {'lost'} end
redis.call('DEL', KEYS[3])
redis.call('HDEL', KEYS[4], ARGV[1])
local found = redis.call('HGET', KEYS[1], ARGV[1])
if not found then return {'settled'} end
if string.match(found, '^%d+:(%d+):') ~= ARGV[2] then
redis.call('ZADD', KEYS[2], string.format('%.0f', ARGV[2] + 1), ARGV[1]) return {'newer'} end
redis.call('HDEL', KEYS[1], ARGV[1]) redis.call('ZREM', KEYS[2], ARGV[1])
return {'settled'}`);

/** Keys: failures. Arguments: key, version. Notes a failure of a write. Answers milliseconds since its first one, and how many. */
export const FAIL: QueueScript = script(`local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local version, first, count = string.match(redis.call('HGET', KEYS[1], ARGV[1]) or '', '^(%d+):(%d+):(%d+)$')
if version ~= ARGV[2] then first, count = now, 0 end
count = count + 1
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ':' .. string.format('%.0f', first) .. ':' .. count)
return {string.format('%.0f', now - first), count}`);

/**
 * Keys: order, writes, versions. Arguments: milliseconds, from, count. Answers keys that have waited for so long, and the
 * generation of each. Of a server whose clock has gone back nobody knows how long: it answers all.
 */
export const WAITING: QueueScript = script(`local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local last = tonumber(redis.call('GET', KEYS[3]) or '0')
local before = last > now and last or now - ARGV[1] * 1000
local keys = redis.call('ZRANGE', KEYS[1], '-inf', string.format('%.0f', before), 'BYSCORE', 'LIMIT', ARGV[2], ARGV[3])
local answer = {}
for _, key in ipairs(keys) do
local found = redis.call('HGET', KEYS[2], key)
if found then
answer[#answer + 1] = key
answer[#answer + 1] = string.match(found, '^(%d+):')
else redis.call('ZREM', KEYS[1], key) end
end
return answer`);
