-- What several workers share of limits: all that a request has to pass are booked in one instant, or none is.
--
-- KEYS[1]  the prefix of every key; its braces keep them all in one slot of a cluster
-- ARGV     operation, worker, the caller's clock (0: Redis' own), the window; then the operation's own
-- Times are microseconds. Delays go out, never times, so that nobody's clock counts but this one.
--
-- w          sorted set: worker -> end of its lease
-- n          the last arrival's number
-- x:WORKER   hash: ticket -> its record, of those that wait and those that hold a place
-- l:NAME:q   sorted set: ticket -> number of its arrival, of those that wait
-- l:NAME:h   sorted set: ticket -> start, of those that hold a place
-- l:NAME:b   sorted set: "ticket cost" -> start, of the last window
-- l:NAME:t   the sum of those costs; absent where it has to be counted
-- l:NAME:s   hash: what a bucket has saved (n), and when (at)
local P, op, me, MINUTE = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[4])
local call, INF, WHOLE, DAY, SECOND = redis.call, math.huge, 1 - 1e-9, 86400, 1000000
local now = tonumber(ARGV[3])
if now == 0 then
  local t = call('TIME')
  now = t[1] * SECOND + t[2]
end

local function whole(number) return string.format('%.0f', number) end
local function owner(ticket) return string.match(ticket, '^(.-):') end
local function key(name, part) return P .. ':l:' .. name .. ':' .. part end

-- A chain is a list of limits: name, qps, qpm, tpm, concurrency, longest wait, whether a key's, the least.
local NAME, QPS, QPM, TPM, PLACES, WAIT, OF_KEY, LEAST = 1, 2, 3, 4, 5, 6, 7, 8
local saved = {}

local function size(one, number) return math.max(one[LEAST], math.floor(number)) end

local function until_saved(one)
  local most = size(one, one[QPS])
  if most == 0 then return INF end
  local held, has = call('HMGET', key(one[NAME], 's'), 'n', 'at'), most
  if held[1] then
    has = math.min(most, tonumber(held[1]) + math.max(0, now - tonumber(held[2])) * one[QPS] / SECOND)
  end
  saved[one[NAME]] = has
  return math.max(0, math.ceil((WHOLE - has) / one[QPS] * SECOND))
end

local function cost_of(member) return tonumber(string.match(member, ' (%d+)$')) end

local function spent_of(name)
  local log, sum, counted = key(name, 'b'), 0, call('GET', key(name, 't'))
  local old = call('ZRANGEBYSCORE', log, '-inf', whole(now - MINUTE))
  if #old > 0 then call('ZREMRANGEBYSCORE', log, '-inf', whole(now - MINUTE)) end
  if counted then
    sum = tonumber(counted)
    for _, member in ipairs(old) do sum = sum - cost_of(member) end
  else
    for _, member in ipairs(call('ZRANGE', log, 0, -1)) do sum = sum + cost_of(member) end
  end
  if #old > 0 or not counted then call('SET', key(name, 't'), whole(sum), 'PX', whole(MINUTE / 1000 + 1000)) end
  return sum
end

local function until_forgotten(one, cost)
  local log, last = key(one[NAME], 'b'), -INF
  if one[QPM] > 0 then
    local most = size(one, one[QPM])
    if most < 1 then return INF end
    local oldest = call('ZRANGE', log, -most, -most, 'WITHSCORES')
    if oldest[2] then last = tonumber(oldest[2]) end
  end
  if one[TPM] > 0 then
    local over = spent_of(one[NAME]) + cost - size(one, one[TPM])
    if over > 0 then
      local each = call('ZRANGE', log, 0, -1, 'WITHSCORES')
      for i = 1, #each, 2 do
        if over <= 0 then break end
        over, last = over - cost_of(each[i]), math.max(last, tonumber(each[i + 1]))
      end
      if over > 0 then return INF end
    end
  end
  return math.max(0, last + MINUTE - now)
end

-- How long until a request of a cost may start: 0 for now, INF when no time helps.
local function delay(one, cost)
  local found = one[QPS] > 0 and until_saved(one) or 0
  if one[QPM] > 0 or one[TPM] > 0 then found = math.max(found, until_forgotten(one, cost)) end
  if one[PLACES] > 0 and call('ZCARD', key(one[NAME], 'h')) >= size(one, one[PLACES]) then return INF end
  return found
end

local function told(one) return one < INF and whole(one) + 0 or -1 end

local function note(name, at, ticket, cost)
  local log = key(name, 'b')
  local new = call('ZADD', log, 'NX', whole(at), ticket .. ' ' .. cost)
  call('PEXPIRE', log, whole(MINUTE / 1000 + 1000))
  return new == 1
end

-- The place in a chain where a request has to wait: no room, or somebody who came before it waits.
local function blocked(chain, cost, number)
  for i, one in ipairs(chain) do
    local head = call('ZRANGE', key(one[NAME], 'q'), 0, 0, 'WITHSCORES')
    if head[2] and tonumber(head[2]) < number or delay(one, cost) > 0 then return i end
  end
end

-- Books a start at all limits of a chain; returns the names of those where it holds a place.
local function start(chain, ticket, cost)
  local held = {}
  for _, one in ipairs(chain) do
    local name = one[NAME]
    if one[QPS] > 0 then
      call('HSET', key(name, 's'), 'n', string.format('%.17g', saved[name] - 1), 'at', whole(now))
      call('PEXPIRE', key(name, 's'), whole(math.ceil((size(one, one[QPS]) + 1) / one[QPS] * 1000) + 1000))
    end
    if one[QPM] > 0 or one[TPM] > 0 then
      note(name, now, ticket, cost)
      if one[TPM] > 0 then
        call('INCRBY', key(name, 't'), cost)
        call('PEXPIRE', key(name, 't'), whole(MINUTE / 1000 + 1000))
      else
        call('ZREMRANGEBYSCORE', key(name, 'b'), '-inf', whole(now - MINUTE))
        call('DEL', key(name, 't'))
      end
    end
    if one[PLACES] > 0 then
      call('ZADD', key(name, 'h'), whole(now), ticket)
      call('EXPIRE', key(name, 'h'), DAY)
      held[#held + 1] = name
    end
  end
  return held
end

local function keep(ticket, record)
  local records = P .. ':x:' .. owner(ticket)
  call('HSET', records, ticket, cmsgpack.pack(record))
  call('EXPIRE', records, DAY)
end

local function record_of(ticket)
  local found = call('HGET', P .. ':x:' .. owner(ticket), ticket)
  if not found then return nil end
  local record = cmsgpack.unpack(found)
  if record.text then record.chain = cjson.decode(record.text) end
  return record
end

local function forget(ticket) call('HDEL', P .. ':x:' .. owner(ticket), ticket) end

local function tell(ticket, ...)
  local number = string.match(ticket, ':(.*)$')
  call('PUBLISH', P .. ':to:' .. owner(ticket), table.concat({number, ...}, ' '))
end

-- Queues a request at one limit of its chain. Returns how long it may wait there; and the delay to name where
-- it is refused at once, because the bucket's turn would come too late.
local function wait(ticket, record, i)
  local one = record.chain[i]
  local name = one[NAME]
  record.began[name] = record.began[name] or now
  local till = record.began[name] + (one[WAIT] > 0 and one[WAIT] or record.patience)
  if record.spare and one[OF_KEY] == 1 and till >= record.last then till = now end
  local longest = math.max(0, math.min(till, record.last) - now)
  if one[QPS] > 0 then
    if size(one, one[QPS]) < 1 then return longest, longest end
    local ahead = call('ZCOUNT', key(name, 'q'), '-inf', '(' .. whole(record.number))
    local turn = until_saved(one) + ahead / one[QPS] * SECOND
    if turn > longest then return longest, turn end
  end
  record.at, record.till, record.began_at = i, now + longest, nil
  local chain = record.chain
  record.chain = nil
  keep(ticket, record)
  record.chain = chain
  call('ZADD', key(name, 'q'), whole(record.number), ticket)
  call('EXPIRE', key(name, 'q'), DAY)
  return longest
end

-- Lets everybody start whose turn has come at a limit. Returns how long the next has to wait, and whose it is.
local function pump(name)
  local queue = key(name, 'q')
  while true do
    local ticket = call('ZRANGE', queue, 0, 0)[1]
    if not ticket then return nil end
    local record = record_of(ticket)
    if not record or not record.at or record.chain[record.at][NAME] ~= name then
      call('ZREM', queue, ticket)
    else
      local one = record.chain[record.at]
      local i = blocked(record.chain, record.cost, record.number)
      local never = one[TPM] > 0 and record.cost > size(one, one[TPM])
      if i == record.at and not never then return delay(one, record.cost), ticket end
      call('ZREM', queue, ticket)
      if not i then
        local held = start(record.chain, ticket, record.cost)
        keep(ticket, {started = now, held = held})
        tell(ticket, 'started')
      elseif i == record.at then
        forget(ticket)
        tell(ticket, 'never', i - 1)
      else
        local longest, turn = wait(ticket, record, i)
        if turn then
          forget(ticket)
          tell(ticket, 'refused', i - 1, whole(turn))
        else
          local first = call('ZRANGE', key(record.chain[i][NAME], 'q'), 0, 0)[1] == ticket
          local left = first and told(delay(record.chain[i], record.cost)) or -1
          tell(ticket, 'moved', i - 1, whole(longest), left, first and 1 or 0)
        end
      end
    end
  end
end

-- The same, and whoever's turn is next is told when it comes.
local function move(name)
  local left, ticket = pump(name)
  if ticket and left < INF then
    call('PUBLISH', P .. ':to:' .. owner(ticket), '- next ' .. told(left) .. ' ' .. name)
  end
end

local function drop(ticket, record, names)
  local queued = record.at and {record.chain[record.at][NAME]} or {}
  for _, name in ipairs(queued) do call('ZREM', key(name, 'q'), ticket); names[name] = true end
  for _, name in ipairs(record.held or {}) do call('ZREM', key(name, 'h'), ticket); names[name] = true end
end

-- Takes back what belongs to workers that have not been heard of for the time of their lease.
local function reap()
  if not call('SET', P .. ':r', 1, 'NX', 'PX', 250) then return end
  local names = {}
  for _, worker in ipairs(call('ZRANGEBYSCORE', P .. ':w', '-inf', whole(now))) do
    for _, ticket in ipairs(call('HKEYS', P .. ':x:' .. worker)) do drop(ticket, record_of(ticket), names) end
    call('DEL', P .. ':x:' .. worker)
    call('ZREM', P .. ':w', worker)
  end
  for name in pairs(names) do move(name) end
end

local operations = {}

-- ticket, cost, longest wait in all (-1: any), spare, patience, chain
-- -> {0}: started. {1, place, longest wait, number, delay, first}: it waits. {2, place, delay}: it is refused.
function operations.acquire(ticket, cost, most, spare, patience, text)
  cost, most = tonumber(cost), tonumber(most)
  local chain = cjson.decode(text)
  local i = blocked(chain, cost, INF)
  if i then
    reap()
    i = blocked(chain, cost, INF)
  end
  if not i then
    local held = start(chain, ticket, cost)
    if #held > 0 then keep(ticket, {held = held}) end
    return {0}
  end
  local record = {text = text, chain = chain, cost = cost, number = call('INCR', P .. ':n'), began = {},
    spare = spare == '1', patience = tonumber(patience), last = most < 0 and INF or now + most}
  call('EXPIRE', P .. ':n', DAY)
  local longest, turn = wait(ticket, record, i)
  if turn then return {2, i - 1, told(turn)} end
  local first = call('ZRANGE', key(chain[i][NAME], 'q'), 0, 0)[1]
  local head = record_of(first)
  local left = head and head.at and delay(head.chain[head.at], head.cost) or INF
  return {1, i - 1, told(longest), record.number, told(left), first == ticket and 1 or 0}
end

-- ticket, names: gives the places back.
function operations.release(ticket, ...)
  forget(ticket)
  for _, name in ipairs({...}) do call('ZREM', key(name, 'h'), ticket) end
  for _, name in ipairs({...}) do move(name) end
  return 0
end

-- ticket -> {0}: it has started after all. {1, place, delay}: it waits no more. {2}: it waits elsewhere.
function operations.expire(ticket)
  local record = record_of(ticket)
  if not record then return {1, 0, -1} end
  if not record.at then return {0} end
  local place = record.at
  local name = record.chain[place][NAME]
  pump(name)
  record = record_of(ticket)
  if not record then return {2} end
  if not record.at then return {0} end
  if record.at ~= place then return {2} end
  local head = record_of(call('ZRANGE', key(name, 'q'), 0, 0)[1])
  local left = delay(head.chain[head.at], head.cost)
  call('ZREM', key(name, 'q'), ticket)
  forget(ticket)
  move(name)
  return {1, place - 1, told(left)}
end

-- ticket, cost, started, chain: undoes what was done for a request that is gone.
function operations.cancel(ticket, cost, started, text)
  local record, names = record_of(ticket), {}
  if record and record.at then
    drop(ticket, record, names)
  elseif record or started == '1' then
    for _, one in ipairs(cjson.decode(text)) do
      local name = one[NAME]
      names[name] = true
      if one[QPS] > 0 then
        until_saved(one)
        call('HSET', key(name, 's'), 'n', string.format('%.17g', (saved[name] or 0) + 1), 'at', whole(now))
      end
      if call('ZREM', key(name, 'b'), ticket .. ' ' .. cost) == 1 then call('DEL', key(name, 't')) end
      call('ZREM', key(name, 'h'), ticket)
    end
  end
  forget(ticket)
  for name in pairs(names) do move(name) end
  return 0
end

-- name, tickets that wait there -> {delay, first, then of each that waits there no more: its place in the list
-- and 0: unknown, 1: started, 2: it waits elsewhere, with the place and the longest wait}
function operations.tick(name, ...)
  reap()
  local left, first = pump(name)
  if first and owner(first) ~= me then move(name) end
  local found = {first and told(left) or -1, first and owner(first) == me and 1 or 0}
  for i, ticket in ipairs({...}) do
    local record = record_of(ticket)
    local state, place, longest = nil, 0, 0
    if not record then
      state = 0
    elseif not record.at then
      state = 1
    elseif record.chain[record.at][NAME] ~= name then
      state, place, longest = 2, record.at - 1, math.max(0, record.till - now)
    end
    if state then
      for _, one in ipairs({i - 1, state, place, told(longest)}) do found[#found + 1] = one end
    end
  end
  return found
end

-- ticket, chain: a limit has another number.
function operations.renew(ticket, text)
  local record = record_of(ticket)
  if not record or not record.at then return 0 end
  record.text, record.chain = text, nil
  keep(ticket, record)
  move(cjson.decode(text)[record.at][NAME])
  return 1
end

-- what, whether it is all: tells what this worker holds, has started of late, and waits for.
function operations.assert(text, all)
  local mine, names = cjson.decode(text), {}
  if all == '1' then
    for _, ticket in ipairs(call('HKEYS', P .. ':x:' .. me)) do
      if not mine.held[ticket] and not mine.waiting[ticket] then
        drop(ticket, record_of(ticket), names)
        forget(ticket)
      end
    end
  end
  for ticket, held in pairs(mine.held) do
    keep(ticket, {held = held})
    for _, name in ipairs(held) do
      call('ZADD', key(name, 'h'), 'NX', whole(now), ticket)
      call('EXPIRE', key(name, 'h'), DAY)
    end
  end
  for _, each in ipairs(mine.starts) do
    for _, name in ipairs(each[4]) do
      if note(name, now - each[1], each[2], each[3]) then call('DEL', key(name, 't')) end
    end
  end
  for ticket, each in pairs(mine.waiting) do
    if not record_of(ticket) then
      local record = {text = each.text, chain = cjson.decode(each.text), cost = each.cost, began = {},
        number = each.number, spare = false, patience = each.left, last = now + each.left}
      if tonumber(call('GET', P .. ':n') or 0) < each.number then call('SET', P .. ':n', whole(each.number), 'EX', DAY) end
      record.at, record.till = each.at + 1, now + each.left
      local name = record.chain[record.at][NAME]
      record.chain = nil
      keep(ticket, record)
      call('ZADD', key(name, 'q'), whole(each.number), ticket)
      call('EXPIRE', key(name, 'q'), DAY)
      names[name] = true
    end
  end
  for name in pairs(names) do move(name) end
  return 0
end

-- lease -> {whether this worker was known, how many workers are alive}
function operations.beat(lease)
  local known = call('ZSCORE', P .. ':w', me)
  call('ZADD', P .. ':w', whole(now + lease), me)
  call('EXPIRE', P .. ':w', DAY)
  call('EXPIRE', P .. ':x:' .. me, DAY)
  return {known and 1 or 0, call('ZCOUNT', P .. ':w', '(' .. whole(now), '+inf')}
end

-- Gives everything of a worker's back that ends.
function operations.leave()
  local names = {}
  for _, ticket in ipairs(call('HKEYS', P .. ':x:' .. me)) do drop(ticket, record_of(ticket), names) end
  call('DEL', P .. ':x:' .. me)
  call('ZREM', P .. ':w', me)
  for name in pairs(names) do move(name) end
  return 0
end

return operations[op](unpack(ARGV, 5))
