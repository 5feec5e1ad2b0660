scenario { title = "limit in a message handler and in a closing variable" }
local forever <const> = function () while true do end end
while true do
    xpcall(function ()
        local x <close> = setmetatable({}, { __close = forever })
        error("go")
    end, forever)
end
