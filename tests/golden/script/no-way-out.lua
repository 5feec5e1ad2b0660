-- The ways out of the sandbox that are known from elsewhere.
scenario { title = "no way out" }
for _, name in ipairs { "os", "io", "debug", "package", "require", "load", "loadstring", "loadfile",
                        "dofile", "collectgarbage", "warn", "module", "setfenv", "getfenv" } do
    print(name, _G[name])
end
print(string.dump, math.randomseed, math.sin, coroutine.close ~= nil)
print(getmetatable(""), pcall(setmetatable, "", {}))
print(select(2, pcall(coroutine.resume, coroutine.running())))
print(select(2, pcall(hv.cpus)))
print(select(2, pcall(hv.rmpupdate, {})))
local _, bind = pcall(at, { event = "rmpadjust" })
print(bind)
bind(print)
coroutine.wrap(function () print(select(2, pcall(at, { event = "rmpadjust" }))) end)()
