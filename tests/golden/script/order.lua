-- pairs() and next() go in a fixed order: numbers, strings, false, true.
scenario { title = "order" }
local t = { [true] = 1, [false] = 2, b = 3, a = 4, [10] = 5, [2.5] = 6, [-3] = 7, [1] = 8, ab = 9,
            ["\0"] = 10, [""] = 11, [2^53] = 12, [math.mininteger] = 13, [math.huge] = 14 }
for k, v in pairs(t) do print(math.type(k) or type(k), k, v) end
local k, v = next(t)
local last
while k ~= nil do last = v; k, v = next(t, k) end
print("last by next", last)
-- Removing while traversing is allowed; what was removed does not come.
local r = { a = 1, b = 2, c = 3, d = 4 }
for key in pairs(r) do
    print("at", key)
    r.a, r.b, r.d = nil, nil, nil
end
print(next({}), next({ 5 }))
-- A metamethod.
for k2, v2 in pairs(setmetatable({}, { __pairs = function () return next, { x = 1 } end })) do
    print(k2, v2)
end
print(pcall(function () for _ in pairs({ [{}] = 1 }) do end end))
print(pcall(next, { [print] = 1 }))
print(pcall(pairs))
