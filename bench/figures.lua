-- The figures of a day; with UNCHANGED, as a reader who holds them already; with ROUTE, another route in the same way.
local headers = { Authorization = "Bearer " .. os.getenv("TOKEN") }
local path = os.getenv("ROUTE") or "/api/v1/reports/figures?as_of=2015-06-30"
local held = os.getenv("UNCHANGED")

function request()
  return wrk.format("GET", path, headers)
end

-- The ETag of the first answer is held from then on.
function response(_, given)
  if held and not headers["If-None-Match"] then
    headers["If-None-Match"] = given["etag"]
  end
  -- Reading every answer would be the measure: one is enough.
  response = nil
end

dofile((os.getenv("BENCH_DIR") or "bench") .. "/done.lua")
