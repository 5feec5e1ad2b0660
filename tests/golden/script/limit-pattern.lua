-- Backtracking would run for years inside one call.
scenario { title = "pattern" }
print(select(2, pcall(string.find, ("a"):rep(1000), (".-"):rep(50) .. "b")))
local s = ("a"):rep(60)
while true do s:find("a*a*b") end
