import { hash } from 'node:crypto';
import type { RedisSession } from './connection.js';
import type { Words } from './library.js';

/** A script that the server runs as one step. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

/** Runs a script by its digest; a server that does not know it yet is sent the text. */
export async function runScript(session: RedisSession, script: Script, keys: readonly string[], values: Words) {
  const rest = [String(keys.length), ...keys, ...values];
  try {
    return await session.send(['EVALSHA', script.sha, ...rest]);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return session.send(['EVAL', script.text, ...rest]);
  }
}

/**
 * A value of another type, or one that does not parse, is missing. Digits beyond 15 are none of ours: a poisoned sequence
 * must not lead where doubles stop counting by one.
 */
const READING = `
local function get(key) local value = redis.pcall('GET', key) if type(value) == 'string' then return value end return '' end
local function sequence(key)
  local run, epoch, n = string.match(get(key), '^(%w+):(%w+):(%d+)$')
  if run and #n < 16 then return run, epoch, tonumber(n) end
end
local function tag(key)
  local epoch, n, h, till = string.match(get(key), '^(%w+):(%d+):(%d+):?(%d*)~?%w*$')
  if epoch and #n < 16 and #h < 16 and #till < 16 then return epoch, tonumber(n), tonumber(h), tonumber(till) end
end
local function digits(n) return string.format('%.0f', n) end
local function now() local time = redis.call('TIME') return time[1] * 1000 + math.floor(time[2] / 1000) end
local function outlive(key, ttl) local left = redis.call('PTTL', key) if left >= 0 and left < ttl then redis.call('PEXPIRE', key, digits(ttl)) end end
local function setSequence(key, run, epoch, n, ttl)
  redis.call('SET', key, run .. ':' .. epoch .. ':' .. digits(n), 'PX', digits(math.max(ttl, redis.call('PTTL', key))))
end
`;

/**
 * Makes sure that there is a sequence of this run, and says which; and that there are these tags, by now at the latest: as a
 * commit that is refused, it leaves those that it has not found with the number that the sequence has (PROTOCOL 4.8, 4.11).
 *
 * KEYS: sequence, tags. ARGV: run, epoch for a new one, its lifetime, lifetime of the tags.
 */
export const BEGIN = script(`
local run, epoch, n = sequence(KEYS[1])
if run ~= ARGV[1] then epoch = ARGV[2] n = 0 setSequence(KEYS[1], ARGV[1], epoch, n, tonumber(ARGV[3])) end
for i = 2, #KEYS do
  local tagEpoch, _, _, till = tag(KEYS[i])
  if tagEpoch == epoch then outlive(KEYS[i], tonumber(ARGV[4]))
  else
    local value = epoch .. ':' .. digits(n) .. ':' .. digits(n)
    if till then value = value .. ':' .. digits(till) end
    redis.call('SET', KEYS[i], value, 'PX', ARGV[4])
  end
end
return { epoch, digits(n) }
`);

/**
 * PROTOCOL 4.6. Only a tag that is in use has a key, and only such a one is written: naming others leaves nothing behind.
 * While a data source lags it is otherwise: who is about to create the tag has to find that it was invalidated.
 *
 * The first write takes no memory, so that a server that is out of it lets the others pass, which hardly take any: it must
 * not be where invalidations are lost.
 *
 * KEYS: sequence, tags. ARGV: run, epoch for a new one, lifetime of the sequence, '1' for a purge, for how long sources
 * lag, PUBLISH or SPUBLISH, channel, beginning and end of the message.
 */
export const INVALIDATE = script(`
local run, epoch, n = sequence(KEYS[1])
if run ~= ARGV[1] then epoch = ARGV[2] n = 0 end
local before = n
n = n + 1
redis.call('PEXPIRE', KEYS[1], ARGV[3])
setSequence(KEYS[1], ARGV[1], epoch, n, tonumber(ARGV[3]))
local lag = tonumber(ARGV[5])
local time = now()
for i = 2, #KEYS do
  local tagEpoch, _, h, till = tag(KEYS[i])
  if tagEpoch or lag > 0 then
    if ARGV[4] == '1' or tagEpoch ~= epoch then h = n end
    till = math.max(till or 0, lag > 0 and time + lag or 0)
    local value = epoch .. ':' .. digits(n) .. ':' .. digits(h)
    if till > time then value = value .. ':' .. digits(till) end
    if tagEpoch then redis.call('SET', KEYS[i], value, 'XX', 'KEEPTTL') end
    if lag > 0 then
      if tagEpoch then outlive(KEYS[i], lag + 3600000) else redis.call('SET', KEYS[i], value, 'PX', digits(lag + 3600000)) end
    end
  end
end
redis.pcall(ARGV[6], ARGV[7], ARGV[8] .. '"e":"' .. epoch .. '","p":' .. digits(before) .. ',"n":' .. digits(n) .. ARGV[9])
return { epoch, digits(n) }
`);

/**
 * PROTOCOL 4.8. Answers `stored`, `refused` with the places of the tags that say no (negative where a data source no
 * longer lags, and the tag is to be invalidated once more), or `lost`: the sequence is another than the token's.
 *
 * KEYS: sequence, tags, and where it is on this server the stored response. ARGV: run, epoch for a new sequence, lifetime
 * of the sequence, the token's epoch, lifetime of the tags, number of tags, then for each tag when its data was read, and
 * then the frame and its lifetime.
 *
 * What takes memory is written first: a server that is out of it refuses only a script's first write, or none.
 */
export const COMMIT = script(`
local run, epoch, n = sequence(KEYS[1])
if run ~= ARGV[1] then setSequence(KEYS[1], ARGV[1], ARGV[2], 0, tonumber(ARGV[3])) return { 'lost' } end
if epoch ~= ARGV[4] then return { 'lost' } end
local ttl, count = tonumber(ARGV[5]), tonumber(ARGV[6])
local answer, planted = { 'stored' }, {}
local function refuse(place) answer[1] = 'refused' answer[#answer + 1] = place end
for i = 1, count do
  local tagEpoch, tagN, _, till = tag(KEYS[i + 1])
  if tagEpoch ~= epoch then
    tagN = n
    planted[i] = epoch .. ':' .. digits(n) .. ':' .. digits(n)
    if till then planted[i] = planted[i] .. ':' .. digits(till) end
  end
  if till and till <= now() then refuse(-i) elseif till or tagN > tonumber(ARGV[i + 6]) then refuse(i) end
end
if answer[1] == 'stored' and KEYS[count + 2] then
  redis.call('SET', KEYS[count + 2], ARGV[count + 7], 'PX', ARGV[count + 8])
end
for i = 1, count do if planted[i] then redis.call('SET', KEYS[i + 1], planted[i], 'PX', digits(ttl)) end end
for i = 1, count do outlive(KEYS[i + 1], ttl) end
outlive(KEYS[1], tonumber(ARGV[3]))
return answer
`);

/**
 * PROTOCOL 4.11, SET and SWAP. Answers `stored`, `refused`, or `lost`, each with the sequence as it is then, and behind that
 * the places of the tags that say no, as {@link COMMIT} does. What is refused has changed nothing, but that tags which
 * nobody knew are known from now on, so that the next attempt is not refused for that.
 *
 * The own tag is given the name of the put beside its number, since nobody knows that number who makes the frame: the frame
 * says the name.
 *
 * KEYS: sequence, own tag, other tags, and where it is on this server the stored response. ARGV: run, epoch for a new
 * sequence, lifetime of the sequence, the token's epoch, lifetime of the tags, number of tags, then for each tag when its
 * data was read, empty where that does not matter; then the put's name, PUBLISH or SPUBLISH, channel, beginning and end of
 * the message, the frame and its lifetime; without a frame, what lies there is taken away.
 */
export const PUT = script(`
local run, epoch, n = sequence(KEYS[1])
if run ~= ARGV[1] then setSequence(KEYS[1], ARGV[1], ARGV[2], 0, tonumber(ARGV[3])) return { 'lost', ARGV[2], '0' } end
if epoch ~= ARGV[4] then return { 'lost', epoch, digits(n) } end
local ttl, count = tonumber(ARGV[5]), tonumber(ARGV[6])
local answer, planted = { 'stored', epoch, digits(n) }, {}
local function refuse(place) answer[1] = 'refused' answer[#answer + 1] = place end
local h, held = n + 1, ''
for i = 1, count do
  local tagEpoch, tagN, tagH, till = tag(KEYS[i + 1])
  if tagEpoch ~= epoch then
    tagN = n
    planted[i] = epoch .. ':' .. digits(n) .. ':' .. digits(n)
    if till then planted[i] = planted[i] .. ':' .. digits(till) end
  elseif i == 1 then
    h = tagH
  end
  local read = tonumber(ARGV[i + 6])
  if i == 1 then
    -- A source that lags behind what was there before says nothing of what is put there now.
    if till and till > now() then held = ':' .. digits(till) end
    if read and tagN > read then refuse(i) end
  elseif till and till <= now() then refuse(-i)
  elseif till or tagN > read then refuse(i) end
end
local more = count + 7
if answer[1] == 'stored' then
  local place = KEYS[count + 2]
  if place and ARGV[more + 5] then redis.call('SET', place, ARGV[more + 5], 'PX', ARGV[more + 6]) end
  local before = digits(n)
  n = n + 1
  answer[3] = digits(n)
  setSequence(KEYS[1], run, epoch, n, tonumber(ARGV[3]))
  local left = math.max(ttl, redis.call('PTTL', KEYS[2]))
  redis.call('SET', KEYS[2], epoch .. ':' .. digits(n) .. ':' .. digits(h) .. held .. '~' .. ARGV[more], 'PX', digits(left))
  redis.pcall(ARGV[more + 1], ARGV[more + 2], ARGV[more + 3] .. '"e":"' .. epoch .. '","p":' .. before .. ',"n":' .. digits(n) .. ARGV[more + 4])
  if place and not ARGV[more + 5] then redis.call('DEL', place) end
  planted[1] = nil
end
for i = 1, count do if planted[i] then redis.call('SET', KEYS[i + 1], planted[i], 'PX', digits(ttl)) end end
for i = 1, count do outlive(KEYS[i + 1], ttl) end
outlive(KEYS[1], tonumber(ARGV[3]))
return answer
`);

/** Takes a lease where nobody has one; answers with whose it is otherwise. KEYS: lease. ARGV: token, lifetime, a mark to ignore. */
export const TAKE = script(`
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[3] then return holder end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ''
`);

/** Keeps a lease. KEYS: lease. ARGV: token, lifetime. */
export const RENEW = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`);

/** Gives a lease back, or puts a mark in its place. KEYS: lease. ARGV: token, and for a mark what it says and its lifetime. */
export const RELEASE = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) else redis.call('DEL', KEYS[1]) end
return 1
`);

function script(text: string): Script {
  const whole = READING + text;
  return { text: whole, sha: hash('sha1', whole, 'hex') };
}
