-- Asks for so many URLs in turn, so that requests at the same time never ask for the same one.
-- `done` is the one of report.lua, beside this file.
dofile(debug.getinfo(1, "S").source:match("^@(.*/)") .. "report.lua")

local paths, count, size

function init(args)
  paths, count, size = {}, 0, tonumber(args[2])
  for id = 1, size do
    paths[id] = "GET " .. args[1] .. "?id=" .. id .. " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\n\r\n"
  end
end

function request()
  count = count % size + 1
  return paths[count]
end
