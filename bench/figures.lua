-- The figures of a day; with UNCHANGED, as a reader who holds those of this ETag already; with ROUTE, another route in the same way.
local headers = { Authorization = "Bearer " .. os.getenv("TOKEN"), ["If-None-Match"] = os.getenv("UNCHANGED") }
local path = os.getenv("ROUTE") or "/api/v1/reports/figures?as_of=2015-06-30"

function request()
  return wrk.format("GET", path, headers)
end

dofile((os.getenv("BENCH_DIR") or "bench") .. "/done.lua")
