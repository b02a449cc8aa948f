-- What lies at one place at the end of a random past day.
local headers = { Authorization = "Bearer " .. os.getenv("TOKEN") }
local place = os.getenv("PLACE")

function init()
  math.randomseed(os.time())
end

function request()
  local day = string.format("%d-%02d-%02d", math.random(2013, 2015), math.random(1, 12), math.random(1, 28))
  return wrk.format("GET", "/api/v1/stock-balances?limit=200&location_id=" .. place .. "&as_of=" .. day, headers)
end

dofile((os.getenv("BENCH_DIR") or "bench") .. "/done.lua")
