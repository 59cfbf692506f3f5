-- Sends the requests of the file that is named behind "--", one after the other,
-- and prints the result as JSON.
local requests, at = {}, 0

function init(args)
  for request in (io.open(args[1], "rb"):read("*a")):gmatch("([^%z]+)%z") do
    requests[#requests + 1] = request
  end
  at = math.random(#requests)
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local quantiles = {}
  for permille = 1, 1000 do
    quantiles[permille] = latency:percentile(permille / 10 - 0.05)
  end
  local e = summary.errors
  io.write(string.format('\n{"requests": %d, "microseconds": %d, "errors": %d, "latencies": [%s]}\n', summary.requests, summary.duration,
    e.connect + e.read + e.write + e.status + e.timeout, table.concat(quantiles, ", ")))
end
