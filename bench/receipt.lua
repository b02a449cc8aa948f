-- A receipt of five lots at a random place, on a random day of 2025.
local headers = { Authorization = "Bearer " .. os.getenv("TOKEN"), ["Content-Type"] = "application/json" }
local places, lots = tonumber(os.getenv("PLACES")), tonumber(os.getenv("LOTS"))

function init()
  math.randomseed(os.time() + tonumber(tostring({}):match("0x(%x+)"), 16) % 100000)
end

function request()
  local first, lines = math.random(0, lots - 1), {}
  for line = 1, 5 do
    lines[line] = string.format('{"lot_id": "00000000-0000-7000-c000-%012x", "quantity": 10}', (first + line * 397) % lots)
  end
  local body = string.format(
    '{"from_id": "00000000-0000-7000-8000-000000000102", "to_id": "00000000-0000-7000-b000-%012x", "occurred_on": "2025-%02d-%02d", "lines": [%s]}',
    math.random(0, places - 1), math.random(1, 10), math.random(1, 28), table.concat(lines, ", "))
  return wrk.format("POST", "/api/v1/stock-documents", headers, body)
end

dofile((os.getenv("BENCH_DIR") or "bench") .. "/done.lua")
