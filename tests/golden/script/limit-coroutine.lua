-- Coroutines that are too short for the count hook are paid for when they are resumed.
scenario { title = "limit in coroutines" }
local function nest(depth)
    for _ = 1, 100 do
        if depth > 0 then coroutine.wrap(nest)(depth - 1) end
    end
end
while true do pcall(nest, 50) end
