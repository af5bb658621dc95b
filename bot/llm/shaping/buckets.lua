-- One route's buckets, changed in one step by whichever worker asks. Times are microseconds of this server's clock.
--
-- KEYS  1 calls under way: id -> when it is given up for lost   2 closed: exists while the vendor wants silence
--       3.. one per meter: when its bucket is full again
-- take     id, lease, most calls (-1: any number), then cost and tolerance per meter
--          -> {1, now, full again per meter} or {0, wait, index of the meter, debt per meter};
--             index 0 is closed, -1 is too many calls (wait is then 0)
-- settle   id, channel, route, then change and until per meter
-- correct  earliest moment of being full per meter
-- close    milliseconds

local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

local function full_at(key)
  return tonumber(redis.call('GET', key) or '0')
end

-- %.0f because tostring would round to 14 digits.
local function keep(key, moment)
  if moment - now < 1000 then
    redis.call('DEL', key)
  else
    redis.call('SET', key, string.format('%.0f', moment), 'PX', math.ceil((moment - now) / 1000))
  end
end

local operations = {}

function operations.take()
  local id, lease, most = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
  local wait, short, debts = math.max(0, redis.call('PTTL', KEYS[2])) * 1000, 0, {}
  for i = 3, #KEYS do
    local cost, tolerance = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    local debt = math.max(0, full_at(KEYS[i]) - now)
    debts[#debts + 1] = debt
    local needed = debt + cost - math.max(tolerance, cost)
    if cost > 0 and needed > wait then
      wait, short = needed, i - 2
    end
  end
  if most >= 0 then
    redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
    if redis.call('ZCARD', KEYS[1]) >= most then
      return {0, 0, -1, unpack(debts)}
    end
  end
  if wait > 0 then
    return {0, math.ceil(wait), short, unpack(debts)}
  end
  local until_full = {}
  for i = 3, #KEYS do
    local moment = now + debts[i - 2] + tonumber(ARGV[2 * i - 1])
    keep(KEYS[i], moment)
    until_full[#until_full + 1] = moment
  end
  if most >= 0 then
    redis.call('ZADD', KEYS[1], now + lease, id)
    redis.call('PEXPIRE', KEYS[1], math.ceil(lease / 1000))
  end
  return {1, now, unpack(until_full)}
end

function operations.settle()
  redis.call('ZREM', KEYS[1], ARGV[2])
  for i = 3, #KEYS do
    local change, until_full = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
    local moment = full_at(KEYS[i])
    if change > 0 then
      keep(KEYS[i], math.max(moment, now) + change)
    elseif change < 0 then
      keep(KEYS[i], moment - math.min(-change, math.max(0, until_full - now)))
    end
  end
  redis.call('PUBLISH', ARGV[3], ARGV[4])
end

function operations.correct()
  for i = 3, #KEYS do
    keep(KEYS[i], math.max(full_at(KEYS[i]), tonumber(ARGV[i - 1])))
  end
end

function operations.close()
  local wanted = tonumber(ARGV[2])
  if wanted > redis.call('PTTL', KEYS[2]) then
    redis.call('SET', KEYS[2], '1', 'PX', wanted)
  end
end

return operations[ARGV[1]]()
