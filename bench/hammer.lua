-- Documents that meet on the same ten lots at two places: receipts, transfers both ways and issues, in no order.
-- An answer of 201 or 409 is right; anything else is an error.
local headers = { Authorization = "Bearer " .. os.getenv("TOKEN"), ["Content-Type"] = "application/json" }
local donor, consumption = "00000000-0000-7000-8000-000000000102", "00000000-0000-7000-8000-000000000104"
local one, two = "00000000-0000-7000-b000-000000000000", "00000000-0000-7000-b000-000000000001"
local ways = { { donor, one }, { one, two }, { two, one }, { one, consumption }, { two, consumption } }
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init()
  math.randomseed(os.time() + tonumber(tostring({}):match("0x(%x+)"), 16) % 100000)
  written, refused, wrong = 0, 0, 0
end

function request()
  local way, first, step, lines = ways[math.random(1, #ways)], math.random(0, 9), ({ 1, 3, 7, 9 })[math.random(1, 4)], {}
  for line = 1, 5 do
    lines[line] = string.format('{"lot_id": "00000000-0000-7000-c000-%012x", "quantity": %d}', (first + line * step) % 10, math.random(1, 20))
  end
  local body = string.format('{"from_id": "%s", "to_id": "%s", "occurred_on": "2025-%02d-%02d", "lines": [%s]}',
    way[1], way[2], math.random(1, 10), math.random(1, 28), table.concat(lines, ", "))
  return wrk.format("POST", "/api/v1/stock-documents", headers, body)
end

function response(status)
  if status == 201 then
    written = written + 1
  elseif status == 409 then
    refused = refused + 1
  else
    wrong = wrong + 1
  end
end

function done(summary, latency)
  local e, written, refused, wrong = summary.errors, 0, 0, 0
  for _, thread in ipairs(threads) do
    written, refused, wrong = written + thread:get("written"), refused + thread:get("refused"), wrong + thread:get("wrong")
  end
  io.write(string.format(
    'RESULT {"requests": %d, "seconds": %.3f, "errors": %d, "written": %d, "refused": %d, "p50_ms": %.2f, "p99_ms": %.2f}\n',
    summary.requests, summary.duration / 1e6, e.connect + e.read + e.write + e.timeout + wrong, written, refused,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
