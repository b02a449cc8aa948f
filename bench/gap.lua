-- What loses its line in a month.
local headers = { Authorization = "Bearer " .. os.getenv("TOKEN") }

function request()
  return wrk.format("GET", "/api/v1/reports/funding-gaps?from=2015-06-01&to=2015-06-30", headers)
end

dofile((os.getenv("BENCH_DIR") or "bench") .. "/done.lua")
