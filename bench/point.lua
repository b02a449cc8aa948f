-- One facility by a random id.
local facilities = tonumber(os.getenv("FACILITIES"))
local headers = { Authorization = "Bearer " .. os.getenv("TOKEN") }

function init()
  math.randomseed(os.time() + tonumber(tostring({}):match("0x(%x+)"), 16) % 100000)
end

function request()
  local path = string.format("/api/v1/facilities/00000000-0000-7000-9000-%012x", math.random(1, facilities))
  return wrk.format("GET", path, headers)
end

dofile((os.getenv("BENCH_DIR") or "bench") .. "/done.lua")
