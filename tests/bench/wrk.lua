-- The citizens by wrk: the prepared bodies in turn, each under an idempotency key never used before.
-- BODIES names a file with one body a line, KEYS begins every key.

local parts, number = {}, 0

function init()
  local head = "POST " .. wrk.path .. " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port
    .. "\r\nContent-Type: application/json\r\nContent-Length: %d\r\nIdempotency-Key: %s"
  for body in io.lines(os.getenv("BODIES")) do
    parts[#parts + 1] = { head:format(#body, os.getenv("KEYS")), "\r\n\r\n" .. body }
  end
end

function request()
  number = number + 1
  local part = parts[number % #parts + 1]
  return part[1] .. ("%016d"):format(number) .. part[2]
end

function done(summary, latency)
  local lost = summary.errors
  print(([[{"answers": %d, "refused": %d, "disconnected": %d, "seconds": %f, "p50": %f, "p99": %f}]])
    :format(summary.requests, lost.status, lost.connect + lost.read + lost.write + lost.timeout,
      summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
