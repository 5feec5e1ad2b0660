-- Closing variables of a coroutine that died of the limit.
scenario { title = "limit in wrap, with a closing variable" }
local forever <const> = function () while true do end end
while true do
    pcall(coroutine.wrap(function ()
        local x <close> = setmetatable({}, { __close = forever })
        while true do end
    end))
end
