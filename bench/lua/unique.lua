-- Asks for a URL nobody has asked for before, on every request: the miss path.
-- `done` is the one of report.lua, beside this file.
dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "report.lua")

local before, after, count

function init(args)
  local path, query = args[1], args[2]
  before = "GET " .. path .. "?id=" .. query .. "-"
  after = " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\n\r\n"
  count = 0
end

function request()
  count = count + 1
  return before .. count .. after
end
