-- The figures of a day.
local headers = { Authorization = "Bearer " .. os.getenv("TOKEN") }

function request()
  return wrk.format("GET", "/api/v1/reports/figures?as_of=2015-06-30", headers)
end

dofile((os.getenv("BENCH_DIR") or "bench") .. "/done.lua")
