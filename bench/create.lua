-- A new facility each time; the thread's number keeps the codes apart.
local threads = 0
function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

local headers = { Authorization = "Bearer " .. os.getenv("TOKEN"), ["Content-Type"] = "application/json" }
local area, run = os.getenv("AREA"), os.getenv("RUN")
local count = 0
-- Several runs share one RUN; the clock at the start of each keeps them apart.
local moment = os.time()

function request()
  count = count + 1
  local mark = string.format("%s-%d-%d-%d", run, moment, number, count)
  local body = string.format(
    '{"code": "WRK-%s", "name": "Medical point %s", "kinds": ["medical_point"], "area_id": "%s", "opened_on": "2013-01-01"}',
    mark, mark, area)
  return wrk.format("POST", "/api/v1/facilities", headers, body)
end

dofile((os.getenv("BENCH_DIR") or "bench") .. "/done.lua")
