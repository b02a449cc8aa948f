-- The first page of fifty facilities.
local headers = { Authorization = "Bearer " .. os.getenv("TOKEN") }

function request()
  return wrk.format("GET", "/api/v1/facilities?limit=50", headers)
end

dofile((os.getenv("BENCH_DIR") or "bench") .. "/done.lua")
