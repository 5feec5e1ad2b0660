-- Copying is work: a string that grows costs more and more.
scenario { title = "concat" }
local s = ("x"):rep(10000000)
while true do local t = s .. s end
