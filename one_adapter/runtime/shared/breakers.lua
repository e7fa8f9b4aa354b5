-- What several workers share of breakers: failures in a row, since when one is open, and who is on trial.
--
-- KEYS[1]  the prefix of every key
-- ARGV     operation, worker, the caller's clock (0: Redis' own), breaker; then the operation's own
-- Ages go out, never times; each change is told to all on the channel e.
--
-- k          hash: breaker -> "failures since", since when it is open (0: it is not)
-- p:BREAKER  sorted set: ticket -> end of its lease, of the calls that try whether it may close again
-- w          sorted set: worker -> end of its lease (see limits.lua)
local P, op, name = KEYS[1], ARGV[1], ARGV[4]
local call, DAY = redis.call, 86400
local now = tonumber(ARGV[3])
if now == 0 then
  local t = call('TIME')
  now = t[1] * 1000000 + t[2]
end
local probes = P .. ':p:' .. name

local function whole(number) return string.format('%.0f', number) end

local function state()
  local failures, since = string.match(call('HGET', P .. ':k', name) or '0 0', '^(%d+) (%d+)$')
  return tonumber(failures), tonumber(since)
end

local function keep(failures, since)
  call('HSET', P .. ':k', name, failures .. ' ' .. whole(since))
  call('EXPIRE', P .. ':k', DAY)
  local age = since > 0 and whole(math.max(0, now - since)) or '-1'
  call('PUBLISH', P .. ':e', 'failed ' .. failures .. ' ' .. age .. ' ' .. name)
end

local operations = {}

-- threshold, the probe's ticket ("" for none)
function operations.failure(threshold, ticket)
  local failures, since = state()
  if ticket ~= '' then
    call('ZREM', probes, ticket)
    since = now
  elseif since == 0 then
    failures = failures + 1
    if failures >= tonumber(threshold) then since = now end
  end
  keep(failures, since)
  return 0
end

function operations.success(ticket)
  local _, since = state()
  if ticket == '' and since > 0 then return 0 end
  call('HDEL', P .. ':k', name)
  call('DEL', probes)
  call('PUBLISH', P .. ':e', 'closed 0 0 ' .. name)
  return 0
end

-- ticket, recovery, how many at once, longest -> 1 where the call may be made
function operations.probe(ticket, recovery, most, longest)
  local failures, since = state()
  if since == 0 then return 1 end
  if now < since + tonumber(recovery) then
    keep(failures, since)
    return 0
  end
  call('ZREMRANGEBYSCORE', probes, '-inf', whole(now))
  for _, one in ipairs(call('ZRANGE', probes, 0, -1)) do
    local ends = call('ZSCORE', P .. ':w', string.match(one, '^(.-):'))
    if not ends or tonumber(ends) <= now then call('ZREM', probes, one) end
  end
  if call('ZCARD', probes) >= tonumber(most) then return 0 end
  call('ZADD', probes, whole(now + longest), ticket)
  call('EXPIRE', probes, DAY)
  return 1
end

function operations.abandon(ticket)
  call('ZREM', probes, ticket)
  return 0
end

-- failures, age: what a worker saw while it was alone; the later opening counts.
function operations.opened(failures, age)
  local known, since = state()
  keep(math.max(known, tonumber(failures)), math.max(since, now - age))
  return 0
end

-- -> breaker, failures, age of every one that is not quiet
function operations.all()
  local found, every = {}, call('HGETALL', P .. ':k')
  for i = 1, #every, 2 do
    local failures, since = string.match(every[i + 1], '^(%d+) (%d+)$')
    local age = tonumber(since) > 0 and math.max(0, now - since) or -1
    for _, one in ipairs({every[i], tonumber(failures), age}) do found[#found + 1] = one end
  end
  return found
end

return operations[op](unpack(ARGV, 5))
