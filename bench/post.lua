-- A post for another person each time; the thread's number keeps them apart.
local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

local headers = { Authorization = "Bearer " .. os.getenv("TOKEN"), ["Content-Type"] = "application/json" }
local facility, first = os.getenv("FACILITY"), tonumber(os.getenv("FIRST"))
local count = 0

function request()
  count = count + 1
  local body = string.format(
    '{"staff_id": "00000000-0000-7000-a001-%012x", "facility_id": "%s", "cadre": "doctor", "starts_on": "20%02d-%02d-01", "ends_on": "2024-12-31"}',
    first + 2 * count + number, facility, 14 + count % 8, 1 + count % 12)
  return wrk.format("POST", "/api/v1/assignments", headers, body)
end

dofile((os.getenv("BENCH_DIR") or "bench") .. "/done.lua")
